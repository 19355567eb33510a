import { afterEach, expect, it } from '@jest/globals';
import type { Storage } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { until } from '../helpers/gate.ts';
import { gate } from '../helpers/worker-bench.ts';

let app: AgentApp | undefined;

afterEach(() => app?.close());

it('a send gets the task as it was when it was answered, though another message was heard before the task was read', async () => {
  const { storage, ...backend } = memoryBackend();
  const both = gate();
  let hasOne = false;
  let isAdded = false;
  const isHeard = async (taskId: string, text: string) =>
    JSON.stringify((await storage.read(taskId, 0, 100, 1e6)).entries).includes(`heard ${text}`);
  const late: Storage = {
    ...storage,
    async addInput(scope, taskId, input) {
      const stored = await storage.addInput(scope, taskId, input);
      const text = 'message' in input ? input.message.parts[0]?.text : undefined;
      if (text === 'one') hasOne = isAdded = true;
      if (text === 'two') both.open();
      return stored;
    },
    async loadTask(taskId, scope) {
      if (hasOne && scope !== undefined) {
        hasOne = false;
        await until(() => isHeard(taskId, 'two'));
      }
      return storage.loadTask(taskId, scope);
    },
  };
  const served = await makeApp({
    ...backend,
    storage: late,
    agent: async (turn) => {
      if (turn.text === 'one') await both.opened;
      return turn.requireInput(`heard ${turn.text}`);
    },
  });
  app = served;
  const { id } = await sendText(served, 'hi');
  const one = sendText(served, 'one', { taskId: id, messageId: 'm1' });
  await until(() => isAdded);
  const two = sendText(served, 'two', { taskId: id, messageId: 'm2' });
  const told = (await Promise.all([one, two])).map(({ status }) => [
    status.state,
    status.message?.parts[0]?.text,
  ]);
  expect(told).toEqual([
    ['TASK_STATE_INPUT_REQUIRED', 'heard one'],
    ['TASK_STATE_INPUT_REQUIRED', 'heard two'],
  ]);
});
