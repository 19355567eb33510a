// This package as its README wires it up: Express 5, default options, in-memory storage, no authentication.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { scriptedAgent, workerOptions } from '../lib/scripted-agent.mjs';
import { listen } from '../lib/listen.mjs';

const a2a = a2aRouter({
  card: { name: 'Benchmark', description: 'Runs benchmark scripts', version: '1.0.0' },
  agent: scriptedAgent,
  ...workerOptions(),
});
const app = express();
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
listen(app);
