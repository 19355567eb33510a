import { afterEach, describe, expect, it } from '@jest/globals';
import type { ErrorInfo } from '../../lib/core/failure.ts';
import { startWorker } from '../../lib/core/start-worker.ts';
import { TaskFailed } from '../../lib/core/task-failed.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorOf, getTask, listTasks, sendText, streamText, subscribe } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

const SECRET = 'connect ECONNREFUSED postgres://admin:hunter2@db:5432/tasks';
const { NODE_ENV } = process.env;
const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  process.env['NODE_ENV'] = NODE_ENV;
  for (const each of open.splice(0)) await each.close();
});

async function serve(options: Parameters<typeof makeApp>[0]): Promise<AgentApp> {
  const app = await makeApp(options);
  open.push(app);
  return app;
}

function listening() {
  const seen: { error: unknown; info: ErrorInfo }[] = [];
  const logged: object[] = [];
  const ignore = () => undefined;
  return {
    seen,
    logged,
    onError: (error: unknown, info: ErrorInfo) => seen.push({ error, info }),
    logger: { debug: ignore, info: ignore, warn: ignore, error: (fields: object) => logged.push(fields) },
  };
}

const fails = () => Promise.reject(new Error(SECRET));

// NEEDS 29 and 58
describe('what an agent throws', () => {
  it('is nowhere on the wire, and found by its id in the log and in onError', async () => {
    const held = gate();
    const { seen, logged, onError, logger } = listening();
    const app = await serve({
      ...{ onError, logger },
      async agent() {
        await held.opened;
        await fails();
      },
    });
    const stream = await streamText(app, 'hi');
    const first = await stream.next();
    const id = first?.task?.id ?? '';
    const second = await subscribe(app, id);
    held.open();
    const wire = [
      await stream.rest(),
      await second.rest(),
      await getTask(app, id),
      await listTasks(app, { includeArtifacts: true }),
    ];
    for (const said of wire) expect(JSON.stringify(said)).not.toMatch(/hunter2|ECONNREFUSED|\.ts:\d/);
    const task = await getTask(app, id);
    expect(seen).toEqual([
      {
        error: expect.objectContaining({ message: SECRET }),
        info: { errorId: expect.any(String), taskId: id, contextId: task.contextId },
      },
    ]);
    const { info, error } = seen[0] ?? {};
    expect(task.status.message?.parts).toEqual([
      { text: `The agent failed (error id ${String(info?.errorId)})` },
    ]);
    expect(logged).toEqual([{ err: error, ...info }]);
  });

  it('is shown with its stack to a developer who asked for it', async () => {
    const { seen, onError } = listening();
    const app = await serve({ onError, exposeErrors: true, agent: fails });
    const { status } = await sendText(app, 'hi');
    const errorId = seen[0]?.info.errorId;
    expect(status.message?.parts).toEqual([
      { text: `The agent failed (error id ${String(errorId)}): ${SECRET}` },
      {
        data: {
          errorId,
          stack: expect.arrayContaining([
            `Error: ${SECRET}`,
            expect.stringMatching(/^ +at .*expose-errors\.test\.ts/),
          ]),
        },
      },
    ]);
  });

  it('is shown where the answer is a message', async () => {
    const app = await serve({ exposeErrors: true, answers: 'message', agent: fails });
    const { code, message: text } = await errorOf(app, 'SendMessage', message('hi'));
    expect(code).toBe(-32603);
    expect(text.replace(/id [\w-]{36}/, 'id …')).toBe(`The agent failed (error id …): ${SECRET}`);
  });

  it('is shown as it was written where it was written for the client', async () => {
    const failed = new TaskFailed('Sold out', { code: 'SOLD_OUT', data: { left: 0 } });
    for (const exposeErrors of [true, false]) {
      const app = await serve({ exposeErrors, agent: () => Promise.reject(failed) });
      const { status } = await sendText(app, 'hi');
      expect(status.message?.parts).toEqual([
        { text: 'Sold out' },
        { data: { code: 'SOLD_OUT', data: { left: 0 } } },
      ]);
    }
  });
});

describe('in production', () => {
  const refused = expect.objectContaining({
    code: 'ERR_A2A_EXPOSE_ERRORS',
    message:
      "Option `exposeErrors` shows texts and stacks of errors to clients, and NODE_ENV is production: leave it out there, such as `exposeErrors: process.env.NODE_ENV !== 'production'`",
  });

  it('a router does not expose errors', () => {
    process.env['NODE_ENV'] = 'production';
    const card = { name: 'N', description: 'D', version: '1' };
    const make = (exposeErrors: boolean) => a2aRouter({ card, agent: fails, exposeErrors });
    expect(() => make(true)).toThrow(refused);
    open.push(make(false));
  });

  it('a worker does not expose errors', async () => {
    process.env['NODE_ENV'] = 'production';
    await expect(startWorker({ ...memoryBackend(), agent: fails, exposeErrors: true })).rejects.toEqual(
      refused,
    );
  });

  it('a worker elsewhere does', async () => {
    const backend = memoryBackend();
    const worker = await startWorker({ ...backend, agent: fails, exposeErrors: true });
    const app = await serve({ ...backend });
    const { status } = await sendText(app, 'hi');
    expect(JSON.stringify(status.message)).toContain('hunter2');
    await worker.stop();
  });
});
