import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { TaskSnapshot } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { start } from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { heldBytes } from '../helpers/memory.ts';
import { post } from '../helpers/raw-http.ts';
import { openRaw, whenSeen } from '../helpers/raw-stream.ts';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
const CALLS = 16;

let app: AgentApp | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app?.close();
  app = undefined;
});

const rpc = (method: string, params: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const older = {
  message: { kind: 'message', messageId: 'm1', role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
};

describe('a call that takes long', () => {
  it.each([
    ['a stream', '/a2a', '1.0', rpc('SendStreamingMessage', message('hi'))],
    ['a waiting send', '/a2a', '1.0', rpc('SendMessage', message('hi'))],
    ['a stream of 0.3', '/a2a', '0.3', rpc('message/stream', older)],
    ['a stream of HTTP+JSON', '/a2a/message:stream', '1.0', JSON.stringify(message('hi'))],
    ['a waiting send of HTTP+JSON', '/a2a/message:send', '1.0', JSON.stringify(message('hi'))],
  ])('%s does not hold the text of its body', async (_what, path, version, json) => {
    let runs = 0;
    const { open, opened } = gate();
    app = await makeApp({
      bindings: ['JSONRPC', 'HTTP+JSON'],
      versions: ['1.0', '0.3'],
      agent: async () => {
        runs += 1;
        await opened;
      },
    });
    const { port } = app;

    async function call(): Promise<void> {
      const [body, before] = [`${json}${' '.repeat(MIB)}`, runs];
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(Buffer.from(post(path, body, { 'A2A-Version': version }) + body));
      await until(() => runs > before);
    }

    await call();
    const before = await heldBytes();
    for (let index = 1; index < CALLS; index += 1) await call();
    const held = (await heldBytes()) - before;
    open();
    expect(runs).toBe(CALLS);
    expect(held / MIB).toBeLessThan(CALLS / 4);
  });

  it('a subscription does not hold the task that it began with', async () => {
    const { open, opened } = gate();
    const agent: Agent = async (turn) => {
      await turn.artifact({ parts: [{ text: 'x'.repeat(MIB) }] });
      await opened;
    };
    const backend = memoryBackend();
    app = await makeApp({ ...backend, agent, storage: { ...backend.storage, loadTask: ownCopy } });

    /** As a storage elsewhere, which makes each reader a task of its own. */
    async function ownCopy(...args: Parameters<typeof backend.storage.loadTask>) {
      const snapshot = await backend.storage.loadTask(...args);
      if (snapshot === undefined) return undefined;
      // what JSON holds, which a snapshot is made of
      return JSON.parse(JSON.stringify(snapshot)) as TaskSnapshot;
    }

    const { id } = await start(app, 'hi');
    await until(async () => (await backend.storage.loadTask(id))?.task.artifacts !== undefined);

    async function subscribe({ port }: AgentApp): Promise<void> {
      const socket = await openRaw({ port }, 'SubscribeToTask', { id });
      sockets.push(socket);
      // the end of the frame
      await whenSeen(socket, '\n\n');
      await until(() => sockets.length === app?.router.status().calls);
    }

    await subscribe(app);
    const before = await heldBytes();
    for (let index = 1; index < CALLS; index += 1) await subscribe(app);
    const held = (await heldBytes()) - before;
    open();
    expect(held / MIB).toBeLessThan(CALLS / 4);
  });
});
