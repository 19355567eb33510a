// Runs the agent. Start as many as there is work.
import { startWorker } from 'express-a2a';
import { playgroundAgent } from '../playground-agent.mjs';
import { connect } from './backend.mjs';
import { say, whenToldToEnd } from './process.mjs';

const { backend, close } = await connect();
const worker = await startWorker({
  ...backend,
  agent(turn) {
    say(`runs task ${turn.taskId}, attempt ${turn.attempt}`);
    return playgroundAgent(turn);
  },
  // a worker that is killed is missed after this time; the default of 30 s suits agents that block now and then
  leaseMs: 3000,
  // then another worker runs the agent again, from its beginning; with 1, the default, the task fails
  maxAttempts: 3,
});
say('ready');

whenToldToEnd(async () => {
  // what is not done by then is given back, and another worker runs it
  await worker.stop({ drainMs: 5000 });
  await close();
});
