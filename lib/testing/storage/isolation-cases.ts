import type { EntryBody } from '../../core/log.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, pause, reply, said, status } from './bodies.ts';
import { newTask, taken, type Bench } from './bench.ts';

/** S16: nobody changes what is stored but by writing, and what is stored comes back equal. */
export function isolationCases({ api: { expect }, test }: StorageKit): void {
  test('S16 isolation: changing what was passed in changes nothing stored', async (bench) => {
    const { storage } = bench;
    const init = newTask({
      id: 'one',
      request: { metadata: { a: [1] } },
      task: { metadata: { b: { c: 1 } } },
    });
    await storage.createTask(init);
    const input = { message: said('m', 'text', { metadata: { d: [1] } }), request: { metadata: { e: 1 } } };
    const holder = await bench.take('one');
    await storage.addInput(ANN, 'one', input);
    const bodies: EntryBody[] = [
      artifact('a', 'x', { metadata: { f: 1 } }),
      status('WORKING', { message: reply('r') }),
    ];
    await storage.append(holder.lease, 1, bodies);
    const grace = { g: { h: 1 } };
    await storage.requestCancel(ANN, 'one', bench.second, grace);
    const before = await everything(bench, 'one');
    for (const value of [init, input, bodies, grace]) scribble(value);
    expect(await everything(bench, 'one')).toBe(before);
  });

  test('S16 isolation: changing what is passed in while the call runs changes nothing stored', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    const body = artifact('a', 'as it was');
    const writing = bench.storage.append(lease, 1, [body]);
    scribble(body);
    await writing;
    expect((await bench.load(taskId)).task.artifacts).toEqual([
      { artifactId: 'a', parts: [{ text: 'as it was' }] },
    ]);
  });

  test('S16 isolation: changing what was given out changes nothing stored', async (bench) => {
    const { storage } = bench;
    const taskId = await bench.createTask({ task: { metadata: { a: { b: 1 } } } });
    const holder = await bench.take(taskId);
    const lease = { ...holder.lease };
    const written = await holder.append(
      artifact('a', 'x'),
      artifact('a', 'y', { append: true }),
      artifact('b', 'z'),
      status('WORKING', { message: reply('r'), metadata: { c: [1] } }),
    );
    const said = await bench.say(taskId, 'm');
    const before = await everything(bench, taskId);
    for (const includeArtifacts of [true, false])
      for (const historyLength of [undefined, 0, 1, 100]) {
        const query = { limit: 5, includeArtifacts, ...(historyLength !== undefined && { historyLength }) };
        scribble(await storage.listTasks(ANN, query));
      }
    const given = [
      written,
      said,
      holder.claimed,
      await storage.loadTask(taskId),
      await storage.read(taskId, 0, 99, 1e6),
    ];
    for (const value of given) scribble(value);
    scribble(await storage.heads([taskId]));
    expect(await everything(bench, taskId)).toBe(before);
    taken(await storage.append(lease, 2, [pause((await bench.load(taskId)).seq)]));
    await bench.checkFold(taskId);
  });

  test('S16 isolation: what a claim gave out stays as it is, and changing it changes no later claim', async (bench) => {
    const taskId = await bench.createTask();
    const first = await bench.take(taskId);
    const lease = { ...first.lease };
    const before = JSON.stringify(first.claimed);
    await bench.say(taskId, 'm');
    expect(JSON.stringify(first.claimed)).toBe(before);
    scribble(first.claimed);
    await bench.storage.release(lease, 0, true);
    const { claimed } = await bench.take(taskId);
    bench.checkPending(claimed, await bench.log(taskId));
    expect(claimed.scope).toEqual(ANN);
  });

  test('S16 isolation: what agents and clients put into a task comes back equal', async (bench) => {
    const data = {
      texts: ['', 'a\u0000b', '\ud83d\ude00', '\u2028', '"\\', 'é', 'e\u0301', '\ufeff', '</script>'],
      numbers: [0, -1, 1.5, 1e300, 2 ** 53, -(2 ** 53), 5e-324],
      others: [null, true, false, [], {}, [[]], { a: [] }],
      keys: { '': 1, 'a.b': 2, $ref: 3, constructor: 4, toString: 5, hasOwnProperty: 6, '\u0000': 7 },
      proto: JSON.parse('{"__proto__":{"a":1}}') as unknown,
    };
    const parts = [
      { data, mediaType: 'application/json', filename: 'ü.json' },
      { data: null },
      { text: '' },
      { raw: 'AAEC', metadata: { deep: { list: [data] } } },
      { url: 'https://example.org/?a=1&b=2#c' },
    ];
    const message = { ...said('m'), parts, extensions: [], referenceTaskIds: [], metadata: {} };
    const taskId = await bench.createTask({ task: { metadata: { data } } });
    await bench.storage.addInput(ANN, taskId, { message, request: { metadata: { data }, caller: { data } } });
    const holder = await bench.take(taskId);
    const body = {
      ...artifact('ä\u0000', 'x'),
      artifact: { artifactId: 'ä\u0000', parts, metadata: { data } },
    };
    await holder.append(body, status('WORKING', { message, metadata: { data } }));
    const entries = await bench.checkFold(taskId);
    const [, input, output] = entries;
    expect(JSON.stringify(input?.kind === 'input' && input.message)).toBe(JSON.stringify(message));
    expect(JSON.stringify(output?.kind === 'artifact' && output.artifact)).toBe(
      JSON.stringify(body.artifact),
    );
    const { task } = await bench.load(taskId);
    expect(JSON.stringify(task.artifacts)).toBe(JSON.stringify([body.artifact]));
    expect(JSON.stringify(task.metadata)).toBe(JSON.stringify({ data }));
    expect(Object.getPrototypeOf(task.metadata)).toBe(Object.prototype);
  });

  test('S16 isolation: a part of 1 MB comes back equal', async (bench) => {
    const text = 'ä0123456789abcdef'.repeat(1 << 16);
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(artifact('a', text));
    const [part] = (await bench.load(taskId)).task.artifacts?.[0]?.parts ?? [];
    expect(part?.text === text).toBe(true);
  });

  test('S16 isolation: members that are undefined are not there', async (bench) => {
    const taskId = await bench.createTask();
    const metadata = { a: undefined, b: [undefined, 1] };
    await (await bench.take(taskId)).append(status('WORKING', { metadata }));
    const [, entry] = await bench.checkFold(taskId);
    expect(JSON.stringify(entry?.kind === 'status' && entry.metadata)).toBe('{"b":[null,1]}');
  });
}

/** All that can be seen of a task, as text. */
async function everything({ storage }: Bench, taskId: string): Promise<string> {
  const list = await storage.listTasks(ANN, { limit: 9, includeArtifacts: true });
  return JSON.stringify([await storage.loadTask(taskId), await storage.read(taskId, 0, 999, 1e6), list]);
}

/** Changes everything in a value that can be changed. */
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) {
    for (const member of value.values()) scribble(member);
    value.clear();
    return;
  }
  for (const key of Object.keys(value)) {
    scribble(Reflect.get(value, key));
    Reflect.set(value, key, 'scribble');
  }
  Reflect.set(value, 'scribble', true);
  if (Array.isArray(value) && !Object.isFrozen(value)) value.length = 0;
}
