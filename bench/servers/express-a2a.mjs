// This package as its README wires it up: Express 5, default options, in-memory storage, no authentication.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { scriptedAgent } from '../lib/scripted-agent.mjs';
import { listen } from '../lib/listen.mjs';

// a workload may need more agents at once than there are by default
const concurrency = process.env['CONCURRENCY'];
const a2a = a2aRouter({
  card: { name: 'Benchmark', description: 'Runs benchmark scripts', version: '1.0.0' },
  agent: scriptedAgent,
  ...(concurrency !== undefined && { worker: { concurrency: Number(concurrency) } }),
});
const app = express();
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
listen(app);
