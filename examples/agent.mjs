import express from 'express';
import { a2aRouter } from 'express-a2a';
import { playgroundAgent } from './playground-agent.mjs';
import { curlLines } from './curl-lines.mjs';

const port = Number(process.env['PORT'] ?? 3000);
const a2a = a2aRouter({
  card: { name: 'Playground', description: 'Answers in every way there is', version: '1.0.0' },
  agent: playgroundAgent,
});

const app = express();
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
// only this machine can reach the example: it knows no callers
const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  console.log(curlLines(`http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`));
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    void a2a.close();
  });
}
