// The same in front of Express: no middleware of the app runs for the agent, and the app gets all other requests.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { listen } from '../lib/listen.mjs';
import { scriptedAgent, workerOptions } from '../lib/scripted-agent.mjs';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

/** @type {import('express-a2a').A2AOptions<IncomingMessage>} */
const options = {
  card: { name: 'Benchmark', description: 'Runs benchmark scripts', version: '1.0.0' },
  agent: scriptedAgent,
  ...workerOptions(),
};
/** @type {import('express-a2a').A2ARouter<IncomingMessage>} */
const a2a = a2aRouter(options);
const app = express();
app.use(a2a.wellKnown('/a2a'));
listen(a2a.before(app, '/a2a'));
