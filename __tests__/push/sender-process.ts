// A sender of webhooks in a process of its own. Its storage is in the process that started it.
import { startPushSender, type StartPushSenderOptions } from 'express-a2a';

type Call = (name: string, args: readonly unknown[]) => Promise<unknown>;

const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
let count = 0;
process.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
  const waiter = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) waiter?.resolve(value);
  else waiter?.reject(new Error(error));
});
process.on('disconnect', () => process.exit());

const call: Call = (name, args) =>
  new Promise((resolve, reject) => {
    count += 1;
    waiting.set(count, { resolve, reject });
    process.send?.({ id: count, name, args });
  });

function remote(names: readonly string[], prefix = ''): object {
  return Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => call(`${prefix}${name}`, args)]),
  );
}

// the parts of the ports that a sender works with; the other end has the very methods
const storage = {
  shared: true,
  init: () => Promise.resolve(),
  ...remote(['read', 'loadTask']),
  push: remote(['claim', 'ack', 'retry', 'disable'], 'push.'),
} as unknown as StartPushSenderOptions['storage'];
const eventBus = {
  subscribe: () => Promise.resolve(() => undefined),
  onGap: () => () => undefined,
} as unknown as StartPushSenderOptions['eventBus'];

void startPushSender({ storage, eventBus, allowPrivate: true, allowHttp: true, timeoutMs: 1000 });
