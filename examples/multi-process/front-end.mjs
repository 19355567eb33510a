// Answers calls. It has no agent: workers run the tasks. Start as many as there is traffic.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { connect, webhookRules } from './backend.mjs';
import { say, whenToldToEnd } from './process.mjs';

const { backend, close } = await connect();
const a2a = a2aRouter({
  ...backend,
  card: { name: 'Playground', description: 'Answers in every way there is', version: '1.0.0' },
  // the address of the proxy, which clients see in the card
  ...(process.env['PUBLIC_URL'] && { publicUrl: process.env['PUBLIC_URL'] }),
  // webhooks are taken here, and posted to by push-sender.mjs
  push: { send: false, ...webhookRules },
});

const app = express();
app.set('trust proxy', 'loopback');
app.use((_req, res, next) => {
  res.set('X-Served-By', process.env['NAME'] ?? String(process.pid));
  next();
});
// for the load balancer: not ready while the process shuts down
app.get('/ready', (_req, res) => void res.sendStatus(a2a.status().ready ? 200 : 503));
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
const server = app.listen(Number(process.env['PORT'] ?? 3001), '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  say(`listening at http://127.0.0.1:${typeof address === 'object' ? address?.port : address}/a2a`);
});

whenToldToEnd(async () => {
  server.close();
  // streams end with a comment; their clients go on at another front-end
  await a2a.close({ drainMs: 5000 });
  await close();
});
