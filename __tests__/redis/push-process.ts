// One part of a deployment in a process of its own: which, where Redis is, and the prefix of its keys.
import { startPushSender, startWorker, type Turn } from 'express-a2a';
import { redisBackend } from 'express-a2a/redis';
import { makeApp } from '../helpers/make-app.ts';
import { connect } from './server.ts';

const [part = '', url = '', prefix = ''] = process.argv.slice(2);

/** Starts it. Gives where calls go, if it takes any. */
async function start(): Promise<string> {
  const backend = redisBackend({ client: await connect(url), prefix });
  if (part === 'sender') {
    await startPushSender({ ...backend, allowPrivate: true, allowHttp: true });
    return '';
  }
  if (part === 'worker') {
    await startWorker({ ...backend, agent: counter });
    return '';
  }
  return (await makeApp({ ...backend, push: { send: false, allowPrivate: true } })).url;
}

async function* counter(turn: Turn): AsyncGenerator<string> {
  if (turn.text === 'ask') {
    await turn.requireInput('From where?');
    return;
  }
  for (let n = 0; n < 20; n += 1) {
    yield `${String(n)} `;
    // an entry for each
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

process.on('disconnect', () => process.exit());
void start().then((started) => process.send?.(started));
