// Risk 1 of the design: one task, 200 readers on SSE sockets, 2,500 events, through the real feed and beside it the
// least that could work: an array, a cursor per reader, and the same gathered flush. Also the feed without sockets.
// Run `npm run build` first; then `node bench/spikes/feed-fan-out.mjs [rounds]`. About half a minute.
import { fork } from 'node:child_process';
import { createServer, get } from 'node:http';

const READERS = 200;
const EVENTS = 2500;
const DIST = process.env['DIST'] ?? new URL('../../dist/esm', import.meta.url).href;
const PREFIX = 'data: {"jsonrpc":"2.0","id":1,"result":';
const TEXT = 'The "quick" brown fox jumps over the lazy dog, then naps. 12345';
const SCOPE = { agent: 'bench', tenant: '', owner: null };

/** @type {Record<string, () => Promise<{ follow: (res: import('node:http').ServerResponse) => void, run: () => Promise<void> }>>} */
const SERVERS = { floor, feed };

const [role = '1', part = ''] = process.argv.slice(2);
if (role === 'serve') await serve(part);
else if (role === 'deliver') await deliver();
else await compare(Number(role));

/** @param {number} rounds */
async function compare(rounds) {
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of ['floor', 'feed']) {
      const { cpuMs, wallMs, writes } = await measure(name);
      const rate = Math.round((READERS * EVENTS) / wallMs);
      console.log(
        `${name}: ${cpuMs} ms CPU, ${wallMs} ms, ${rate},000 deliveries/s, ${((READERS * EVENTS) / writes).toFixed(1)} events per write`,
      );
    }
    const child = fork(import.meta.filename, ['deliver']);
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

/**
 * @param {string} name
 * @returns {Promise<{ cpuMs: number, wallMs: number, writes: number }>}
 */
async function measure(name) {
  const child = fork(import.meta.filename, ['serve', name]);
  const port = await message(child);
  let left = READERS;
  /** @type {(value?: undefined) => void} */
  let done = () => undefined;
  const ended = new Promise((resolve) => (done = resolve));
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      const res = await new Promise((resolve) => get({ port, host: '127.0.0.1', agent: false }, resolve));
      let newlines = 0;
      res.on('data', (/** @type {Buffer} */ chunk) => {
        // two end a frame, and may come apart
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) newlines += 1;
      });
      res.on('end', () => {
        if (newlines !== 2 * (EVENTS + 1)) throw new Error(`${name}: a reader got ${newlines / 2} frames`);
        left -= 1;
        if (left === 0) done();
      });
    }),
  );
  child.send('go');
  await ended;
  child.send('report');
  const report = await message(child);
  child.disconnect();
  return report;
}

/** @param {import('node:child_process').ChildProcess} child */
function message(child) {
  return new Promise((resolve) => child.once('message', resolve));
}

/** @param {string} name */
async function serve(name) {
  const { follow, run } = await (SERVERS[name] ?? floor)();
  let writes = 0;
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    res.flushHeaders();
    const write = res.write.bind(res);
    /** @type {(text: string) => boolean} */
    const counted = (text) => ((writes += 1), write(text));
    follow(Object.assign(res, { write: counted }));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') process.send?.(address?.port);
  });
  let before = process.cpuUsage();
  let startedAt = 0;
  let wallMs = 0;
  process.on('message', async (order) => {
    if (order === 'go') {
      globalThis.gc?.();
      before = process.cpuUsage();
      startedAt = performance.now();
      await run();
    } else {
      wallMs = Math.round(performance.now() - startedAt);
      const { user, system } = process.cpuUsage(before);
      process.send?.({ cpuMs: Math.round((user + system) / 1000), wallMs, writes });
      server.close();
    }
  });
}

/** @param {number} i */
function chunkEvent(i) {
  return {
    taskId: 'task',
    contextId: 'context',
    artifact: { artifactId: 'result', parts: [{ text: TEXT }] },
    append: i > 0,
  };
}

async function floor() {
  /** @type {string[]} */
  const events = [];
  /** @type {Set<() => void>} */
  const streams = new Set();
  let planned = false;
  let notBefore = 0;
  let ended = false;

  function plan() {
    planned = true;
    const wait = notBefore - performance.now();
    if (wait > 0) setTimeout(flush, Math.ceil(wait));
    else setImmediate(flush);
  }
  function flush() {
    const started = performance.now();
    for (const stream of streams) stream();
    process.nextTick(() => {
      notBefore = 2 * performance.now() - started;
      planned = false;
    });
  }
  /** @param {string} json */
  function emit(json) {
    events.push(json);
    if (!planned) plan();
  }
  return {
    follow(/** @type {import('node:http').ServerResponse} */ res) {
      let next = 0;
      const advance = () => {
        if (res.writableNeedDrain) return;
        let text = '';
        while (next < events.length) text += `${PREFIX}${events[next++]}}\n\n`;
        if (text !== '') res.write(text);
        if (!ended || next < events.length) return;
        streams.delete(advance);
        res.end();
      };
      res.on('drain', advance);
      streams.add(advance);
    },
    async run() {
      for (let i = 0; i < EVENTS; i += 1) {
        emit(JSON.stringify({ artifactUpdate: chunkEvent(i) }));
        await new Promise(setImmediate);
      }
      emit(JSON.stringify({ statusUpdate: { taskId: 'task', status: { state: 'TASK_STATE_COMPLETED' } } }));
      ended = true;
    },
  };
}

async function backend() {
  const [{ createTaskFeed }, { memoryBackend }, { systemClock }, { silentLogger }, { entryEvent }] =
    await Promise.all(
      ['core/feed.js', 'memory/backend.js', 'core/clock.js', 'core/logger.js', 'core/fold.js'].map(
        (it) => import(`${DIST}/${it}`),
      ),
    );
  const { storage, eventBus } = memoryBackend();
  await storage.init();
  const counts = { batches: 0 };
  const taskFeed = createTaskFeed({ storage, eventBus, clock: systemClock, logger: silentLogger });
  const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '' };
  await storage.createTask({
    scope: SCOPE,
    answers: 'task',
    request: {},
    task: { id: 'task', contextId: 'context', status, history: [] },
  });
  const [{ lease }] = await storage.claim({ worker: 'w', agent: 'bench', limit: 1, leaseMs: 60_000 });
  let producerSeq = 0;
  return {
    taskFeed,
    entryEvent,
    counts,
    async append(/** @type {object} */ body) {
      producerSeq += 1;
      const { ok, seq, closed, entries } = await storage.append(lease, producerSeq, [body]);
      if (!ok) throw new Error('refused');
      eventBus.publish({ taskId: 'task', head: seq, closed, entries });
    },
  };
}

async function feed() {
  const { taskFeed, entryEvent, append } = await backend();
  /** @type {WeakMap<object, string>} */
  const texts = new WeakMap();
  /** @param {readonly object[]} batch */
  function textOf(batch) {
    const known = texts.get(batch);
    if (known !== undefined) return known;
    const text = batch
      .map((entry) => `${PREFIX}${JSON.stringify(entryEvent('task', 'context', entry))}}\n\n`)
      .join('');
    texts.set(batch, text);
    return text;
  }
  return {
    async follow(/** @type {import('node:http').ServerResponse} */ res) {
      const gone = new AbortController();
      res.on('close', () => gone.abort());
      for await (const batch of taskFeed.tail('task', 1, gone.signal)) {
        if (!res.write(textOf(batch))) await new Promise((resolve) => res.once('drain', resolve));
      }
      res.end();
    },
    async run() {
      for (let i = 0; i < EVENTS; i += 1) {
        const { artifact, append: isMore } = chunkEvent(i);
        await append({ kind: 'artifact', artifact, append: isMore, lastChunk: false });
        await new Promise(setImmediate);
      }
      await append({ kind: 'status', state: 'TASK_STATE_COMPLETED' });
    },
  };
}

/** 1,000,000 deliveries to readers that only count: what the feed itself costs, without storing. */
async function deliver() {
  const { taskFeed, append } = await backend();
  const events = 5000;
  let seen = 0;
  let batches = 0;
  const readers = Array.from({ length: READERS }, async () => {
    for await (const batch of taskFeed.tail('task', 1, new AbortController().signal)) {
      seen += batch.length;
      batches += 1;
    }
  });
  await new Promise(setImmediate);
  const before = process.cpuUsage();
  for (let i = 0; i < events; i += 1) {
    await append({
      kind: 'artifact',
      artifact: { artifactId: 'a', parts: [{ text: TEXT }] },
      append: i > 0,
      lastChunk: false,
    });
    if (i % 10 === 9) await new Promise(setImmediate);
  }
  await append({ kind: 'status', state: 'TASK_STATE_COMPLETED' });
  await Promise.all(readers);
  const { user, system } = process.cpuUsage(before);
  console.log(
    `no sockets: ${Math.round((user + system) / 1000)} ms CPU for ${seen} deliveries in ${batches} batches, storing included`,
  );
}
