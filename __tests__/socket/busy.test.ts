import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { cancelTask, errorOf, getTask, sendText, start } from '../helpers/calls.ts';
import { gate, until, type Gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

let app: AgentApp | undefined;
let runs: string[] = [];
let most = 0;
let gates: Gate[] = [];

afterEach(async () => {
  for (const { open } of gates) open();
  await app?.close();
  app = undefined;
  [runs, most, gates] = [[], 0, []];
});

/** Serves an agent that asks for more, once its gate is open. */
async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  let running = 0;
  const agent: Agent = async (turn) => {
    running += 1;
    most = Math.max(most, running);
    const own = gate();
    gates.push(own);
    runs.push(turn.text);
    await turn.working();
    await own.opened;
    await turn.requireInput(`heard ${turn.text}`);
    running -= 1;
  };
  app = await makeApp({ agent, ...options });
  return app;
}

const busy = {
  code: -32004,
  message:
    'The task works on an earlier message; wait until it asks for input, or send a message without taskId to start another one',
  data: [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'UNSUPPORTED_OPERATION',
      domain: 'a2a-protocol.org',
    },
  ],
};

const more = (n: number, taskId: string) =>
  message(`more ${String(n)}`, { taskId, messageId: `m${String(n)}` });

// row 33 of the needs: messages of one task are worked on one at a time
describe("NEEDS 33: onBusy 'queue', the default", () => {
  it('works ten follow-ups at once off one at a time, in the order in which they were stored', async () => {
    const app = await serve();
    const { id } = await start(app, 'hi');
    await until(() => runs.length === 1);
    const answers = Array.from({ length: 10 }, (_, n) => app.call('SendMessage', more(n, id)));
    for (let n = 0; n < 11; n += 1) {
      await until(() => gates.length > n);
      // all are stored before the first run is over
      if (n === 0) await until(async () => (await getTask(app, id)).history?.length === 11);
      gates[n]?.open();
    }
    await Promise.all(answers);
    expect(most).toBe(1);
    const said = (await getTask(app, id)).history?.filter(({ role }) => role === 'ROLE_USER');
    expect(runs).toEqual(said?.map(({ parts }) => parts[0]?.text));
    expect([...runs].sort()).toEqual(['hi', ...Array.from({ length: 10 }, (_, n) => `more ${String(n)}`)]);
  });
});

describe("NEEDS 33: onBusy 'reject'", () => {
  it.each(['SendMessage', 'SendStreamingMessage'])(
    'refuses a message to a task at work, and stores nothing: %s',
    async (method) => {
      const app = await serve({ onBusy: 'reject', worker: { concurrency: 1 } });
      const { id } = await start(app, 'hi');
      await until(() => runs.length === 1);
      expect(await errorOf(app, method, more(1, id))).toEqual(busy);
      // one that waits for a worker is no less busy
      const waiting = await start(app, 'next');
      expect(await errorOf(app, method, more(1, waiting.id))).toEqual(busy);
      expect((await getTask(app, id)).history?.length).toBe(1);
      gates[0]?.open();
      await until(async () => (await getTask(app, id)).status.state === 'TASK_STATE_INPUT_REQUIRED');
      const sent = await start(app, 'x').then(() =>
        app.call('SendMessage', { ...more(1, id), configuration: { returnImmediately: true } }),
      );
      expect(sent).toMatchObject({ result: { task: { id } } });
      for (const task of [id, waiting.id]) await cancelTask(app, task);
    },
  );

  it('takes one of ten messages that come at once', async () => {
    const app = await serve({ onBusy: 'reject' });
    const { id } = await start(app, 'hi');
    await until(() => runs.length === 1);
    gates[0]?.open();
    await until(async () => (await getTask(app, id)).status.state === 'TASK_STATE_INPUT_REQUIRED');
    const configuration = { returnImmediately: true };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => app.call('SendMessage', { ...more(n, id), configuration })),
    );
    expect(answers.filter((answer) => (answer as { result?: unknown }).result !== undefined).length).toBe(1);
    expect(
      answers.filter((answer) => (answer as { error?: { code: number } }).error?.code === -32004).length,
    ).toBe(9);
    await until(() => runs.length === 2);
    gates[1]?.open();
  });

  it('joins a message that comes again while its run goes on', async () => {
    const app = await serve({ onBusy: 'reject' });
    const { id } = await start(app, 'hi');
    await until(() => runs.length === 1);
    gates[0]?.open();
    await until(async () => (await getTask(app, id)).status.state === 'TASK_STATE_INPUT_REQUIRED');
    const first = sendText(app, 'more', { taskId: id });
    await until(() => runs.length === 2);
    const again = sendText(app, 'more', { taskId: id });
    await until(() => app.router.status().calls === 2);
    gates[1]?.open();
    expect(await again).toEqual(await first);
    expect(runs).toEqual(['hi', 'more']);
  });
});
