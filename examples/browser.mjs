// Pages in browsers call the agent: PAGES=https://app.example.com node examples/browser.mjs
import cors from 'cors';
import express from 'express';
import helmet from 'helmet';
import { a2aRouter, allowedHosts } from 'express-a2a';
import { listen } from './listen.mjs';
import { playgroundAgent } from './playground-agent.mjs';

const pages = (process.env['PAGES'] ?? 'http://localhost:5173').split(',');

const a2a = a2aRouter({
  card: { name: 'Playground', description: 'Answers pages', version: '1.0.0' },
  agent: playgroundAgent,
});

const app = express();
app.use(helmet());
// the headers that pages may send are those they ask for; these they may read
app.use(cors({ origin: pages, exposedHeaders: ['A2A-Extensions', 'Retry-After', 'WWW-Authenticate'] }));
// other pages are refused, and not only kept from the answer
app.use(allowedHosts(['localhost', '127.0.0.1'], { origins: pages }));
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
listen(app, a2a);
