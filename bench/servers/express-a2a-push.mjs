// This package as in express-a2a.mjs, posting to webhooks on this machine.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { scriptedAgent } from '../lib/scripted-agent.mjs';
import { listen } from '../lib/listen.mjs';

const a2a = a2aRouter({
  card: { name: 'Benchmark', description: 'Runs benchmark scripts', version: '1.0.0' },
  agent: scriptedAgent,
  push: { allowPrivate: true, allowHttp: true },
});
const app = express();
app.use('/a2a', a2a);
listen(app);
