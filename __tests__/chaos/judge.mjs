import { isDeepStrictEqual } from 'node:util';
import { createFold, isClosing } from 'express-a2a';

/**
 * @typedef {import('express-a2a').LogEntry} LogEntry
 * @typedef {import('express-a2a').StoredTask} StoredTask
 * @typedef {import('./tasks.mjs').Played} Played
 * @typedef {import('./readers.mjs').Reader} Reader
 * @typedef {{ entries: readonly LogEntry[], task: StoredTask }} Stored a log from its first entry, and the task beside it
 */

/**
 * All that is wrong with a task and with what its readers saw of it. The log of the task is the measure, once it has been
 * judged itself.
 *
 * @param {Played} played
 * @param {Stored} stored
 * @param {{ maxAttempts: number }} rules
 * @returns {{ faults: string[], fallbacks: number }}
 */
export function judgeTask(played, stored, rules) {
  const { entries, task } = stored;
  const faults = [...played.faults, ...judgeLog(played, entries, rules)];
  const states = statesOf(entries);
  if (!isDeepStrictEqual(states.at(-1), task)) faults.push('the stored task is not the fold of its log');
  let fallbacks = 0;
  played.readers.forEach((reader, index) => {
    const { fault, fallbacks: more } = judgeReader(reader, entries, states);
    fallbacks += more;
    if (fault !== undefined) faults.push(`reader ${index} (${reader.kind}): ${fault}`);
  });
  for (const answer of played.answers) {
    if (!states.some((state) => isDeepStrictEqual(state, answer)))
      faults.push('an answer that the task never was');
  }
  return {
    faults: faults.map((fault) => `${played.plan.name} (${String(played.taskId)}): ${fault}`),
    fallbacks,
  };
}

/** The task after each entry. @param {readonly LogEntry[]} entries @returns {StoredTask[]} */
function statesOf([open, ...others]) {
  if (open?.kind !== 'open') throw new Error('a log does not begin with its open entry');
  const fold = createFold(open);
  return [plain(fold.snapshot()), ...others.map((entry) => (fold.apply(entry), plain(fold.snapshot())))];
}

/** As JSON brings it. @template T @param {T} value @returns {T} */
const plain = (value) => JSON.parse(JSON.stringify(value));

/**
 * @param {Pick<Played, 'plan' | 'asked'>} played
 * @param {readonly LogEntry[]} entries
 * @param {{ maxAttempts: number }} rules
 * @returns {string[]}
 */
export function judgeLog({ plan, asked }, entries, { maxAttempts }) {
  const faults = entries.flatMap(({ seq }, index) =>
    seq === index + 1 ? [] : [`entry ${seq} at place ${index + 1}`],
  );
  const ends = entries.filter(isClosing);
  const last = entries.at(-1);
  if (ends.length !== 1) faults.push(`${ends.length} ends`);
  if (last === undefined || !isClosing(last)) faults.push('its log does not stop with its end');
  faults.push(...judgeRuns(entries));
  if (last?.kind !== 'status') return faults;
  const { state } = last;
  const attempt = attemptAt(last, entries);
  const isGivenUp = attempt > maxAttempts && /worker .* was lost/.test(last.message?.parts[0]?.text ?? '');
  if (state === 'TASK_STATE_FAILED' && plan.wish.kind !== 'fail' && !isGivenUp)
    faults.push(`failed in attempt ${attempt}: ${JSON.stringify(last)}`);
  if (state === 'TASK_STATE_CANCELED' && plan.cancelAfterMs === undefined) faults.push('canceled by nobody');
  if (state === 'TASK_STATE_COMPLETED') faults.push(...judgeWords(entries, asked.size + 1));
  return faults;
}

/**
 * In which attempt an entry was written. Each claim is an attempt and an epoch of its own, also one that was lost before it
 * wrote its `start`; a pause begins the count anew (docs/adapters.md). 0: nobody has started since.
 *
 * @param {LogEntry} at
 * @param {readonly LogEntry[]} entries
 */
function attemptAt({ seq, epoch }, entries) {
  const counted = entries.findLast(
    (entry) => entry.seq < seq && (entry.kind === 'start' || (entry.kind === 'status' && entry.pause)),
  );
  return counted?.kind === 'start' ? counted.attempt + epoch - counted.epoch : 0;
}

/** What an agent says of itself: `<run>/<attempt>/<number>;`, more than once where an entry joins several. @param {LogEntry} entry */
function wordsOf(entry) {
  const parts =
    entry.kind === 'artifact'
      ? entry.artifact.parts
      : entry.kind === 'status'
        ? entry.message?.parts
        : undefined;
  return [
    ...(parts ?? [])
      .map(({ text = '' }) => text)
      .join('')
      .matchAll(/([^/;]+)\/(\d+)\/(\w+);/g),
  ].map(([, run = '', attempt, what = '']) => ({ run, attempt: Number(attempt), what }));
}

/** Only who holds the lease is heard: one run at a time, in its own epoch, in its own attempt, without a gap. @param {readonly LogEntry[]} entries */
function judgeRuns(entries) {
  const faults = [];
  /** @type {Map<string, { from: number, next: number }>} */
  const runs = new Map();
  /** @type {{ run: string | undefined, attempt: number, epoch: number }} */
  let now = { run: undefined, attempt: 0, epoch: 0 };
  for (const entry of entries) {
    const { seq, epoch } = entry;
    if (epoch > 0 && epoch < now.epoch)
      faults.push(`entry ${seq} of epoch ${epoch} after one of epoch ${now.epoch}`);
    if (entry.kind === 'start') now = { run: undefined, attempt: entry.attempt, epoch };
    for (const { run, attempt, what } of wordsOf(entry)) {
      now.run ??= run;
      if (run !== now.run) faults.push(`entry ${seq}: ${run} speaks in the run of ${now.run}`);
      if (attempt !== now.attempt)
        faults.push(`entry ${seq}: attempt ${attempt} speaks in attempt ${now.attempt}`);
      if (epoch !== now.epoch) faults.push(`entry ${seq}: a word of epoch ${now.epoch} in epoch ${epoch}`);
      const said = runs.get(run) ?? { from: now.epoch, next: 0 };
      if (said.from !== now.epoch) faults.push(`entry ${seq}: ${run} speaks in two epochs`);
      if (/^\d+$/.test(what) && Number(what) !== said.next++)
        faults.push(`entry ${seq}: word ${what} of ${run} out of turn`);
      runs.set(run, said);
    }
  }
  return faults;
}

/** A completed task holds, for each of its turns, every word of one run and nothing else. @param {readonly LogEntry[]} entries @param {number} turns */
function judgeWords(entries, turns) {
  const messages = entries.flatMap((entry) =>
    entry.kind === 'open' ? (entry.task.history ?? []) : entry.kind === 'input' ? [entry.message] : [],
  );
  const artifacts = statesOf(entries).at(-1)?.artifacts ?? [];
  const texts = artifacts.map(({ parts }) => parts.map(({ text = '' }) => text).join(''));
  if (messages.length !== turns) return [`${messages.length} messages for ${turns} turns`];
  return messages.flatMap((message, turn) => {
    const { chunks } = JSON.parse(message.parts[0]?.text ?? '');
    const words = (texts[turn] ?? '')
      .split(';')
      .slice(0, -1)
      .map((word) => word.split('/'));
    const isWhole =
      words.length === chunks &&
      words.every(([run, , number], at) => run === words[0]?.[0] && Number(number) === at);
    return isWhole ? [] : [`turn ${turn + 1} said ${JSON.stringify(texts[turn])} instead of ${chunks} words`];
  });
}

/** The event that clients see of an entry (§3.1.2): written here once more, as this is what is judged. @param {StoredTask} task @param {LogEntry} entry */
function eventOf({ id: taskId, contextId }, entry) {
  const metadata = 'metadata' in entry && entry.metadata !== undefined ? { metadata: entry.metadata } : {};
  if (entry.kind === 'status') {
    const { state, message, ts } = entry;
    const status = { state, ...(message && { message }), timestamp: new Date(ts).toISOString() };
    return { statusUpdate: { taskId, contextId, status, ...metadata } };
  }
  if (entry.kind === 'artifact') {
    const { artifact, append, lastChunk } = entry;
    return { artifactUpdate: { taskId, contextId, artifact, append, lastChunk, ...metadata } };
  }
  return undefined;
}

/** @param {LogEntry} entry */
const cursorOf = ({ seq, ts }) => `${seq}.${ts.toString(36)}`;

/**
 * Walks along the log with a reader: each event has to be that of the next entry that clients see, each task one that the
 * task was at or after that place. Counts the times that a reader got the task instead of what it had missed.
 *
 * @param {Reader} reader
 * @param {readonly LogEntry[]} entries
 * @param {readonly StoredTask[]} states
 * @returns {{ fault?: string, fallbacks: number }}
 */
export function judgeReader({ kind, records, endedAt }, entries, states) {
  const [first] = states;
  if (first === undefined) throw new Error('a log without entries');
  const events = entries.map((entry) => eventOf(first, entry));
  let at = 0; // entries that this reader knows of
  let upTo = 0; // and perhaps those up to here, which changed nothing in the task that it was given without an id
  let fallbacks = 0;
  let isFresh = true; // nothing has come on this connection
  /** @type {{ cursor?: string, isDamaged?: boolean }} */
  let open = {};
  for (const record of records) {
    if ('open' in record) {
      open = record.open;
      isFresh = true;
      continue;
    }
    const { event, id } = record;
    if (event.task) {
      const index = states.findIndex(
        (state, place) => place + 1 >= at && isDeepStrictEqual(state, plain(event.task)),
      );
      if (index < 0)
        return { fault: `a task that is none after entry ${at}: ${JSON.stringify(event)}`, fallbacks };
      if (!isFresh) return { fault: `a task in the middle, after entry ${at}`, fallbacks };
      if (open.cursor !== undefined && at > 0) {
        fallbacks += 1;
        if (open.isDamaged !== true)
          return { fault: `the task instead of what comes after ${open.cursor}`, fallbacks };
      }
      at = placeOf(id, index + 1);
      if (id !== undefined && !isDeepStrictEqual(states[at - 1], plain(event.task)))
        return { fault: `a task that is not that of ${id}`, fallbacks };
      upTo = at;
      if (id === undefined) while (isDeepStrictEqual(states[upTo], plain(event.task))) upTo += 1;
    } else {
      const next = nextOf(events, at, upTo).find((place) => isDeepStrictEqual(events[place], plain(event)));
      if (next === undefined) return { fault: wrong(event, events, at), fallbacks };
      at = upTo = next + 1;
    }
    const entry = entries[at - 1];
    if (id !== undefined && (entry === undefined || id !== cursorOf(entry)))
      return { fault: `entry ${at} came as ${id}`, fallbacks };
    if (kind === 'wire' && id === undefined && !isLast(event))
      return { fault: `entry ${at} came without an id`, fallbacks };
    isFresh = false;
  }
  if (endedAt === undefined)
    return { fault: `its stream did not end, after entry ${at} of ${entries.length}`, fallbacks };
  const isAtEnd = at === entries.length || isPause(states[at - 1]);
  return isAtEnd
    ? { fallbacks }
    : { fault: `its stream ended after entry ${at} of ${entries.length}`, fallbacks };
}

/** Where the next event may be of a reader that knows of `at` entries, or of more up to `upTo`. @param {readonly unknown[]} events @param {number} at @param {number} upTo */
const nextOf = (events, at, upTo) =>
  Array.from({ length: upTo - at + 1 }, (_, more) =>
    events.findIndex((event, place) => place >= at + more && event !== undefined),
  );

/** A task with an id is that of this very entry: others may not have changed it. @param {string | undefined} id @param {number} found */
function placeOf(id, found) {
  return id === undefined ? found : Number.parseInt(id, 10);
}

/** What GetTask gave has no id, and is the end. @param {import('express-a2a').StreamResponse} event */
const isLast = ({ task }) =>
  task !== undefined && /COMPLETED|FAILED|CANCELED|REJECTED/.test(task.status.state);

/** @param {StoredTask | undefined} task */
const isPause = (task) => task?.status.state === 'TASK_STATE_INPUT_REQUIRED';

/**
 * @param {import('express-a2a').StreamResponse} event
 * @param {readonly unknown[]} events
 * @param {number} at
 */
function wrong(event, events, at) {
  const place = events.findIndex((other) => isDeepStrictEqual(other, plain(event)));
  if (place < 0) return `an event that is none of the log, after entry ${at}: ${JSON.stringify(event)}`;
  const missed = events.slice(at, place).filter((other) => other !== undefined).length;
  return place < at
    ? `entry ${place + 1} again, after entry ${at}`
    : `entry ${place + 1} after entry ${at}: ${missed} lost`;
}
