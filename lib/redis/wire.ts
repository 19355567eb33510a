import type { EntryBody, LogEntry } from '../core/log.ts';
import { parseStored } from './format.ts';

/** An entry's body as stored. */
export function encode(body: EntryBody): string {
  return JSON.stringify({ v: 1, ...body });
}

/** What Storage itself writes beside an input, or for `more`. */
export const workingText = encode({ kind: 'status', state: 'TASK_STATE_WORKING' });
/** What Storage itself writes beside a cancel. */
export const canceledText = encode({ kind: 'status', state: 'TASK_STATE_CANCELED' });

/** A stream entry, `[<seq>-0, [t, ts, e, epoch, b, body]]`, as the log has it. */
export function decode(stored: unknown): LogEntry {
  const [id, fields] = list(stored);
  const [, ts, , epoch, , body] = list(fields);
  return decodeBody(text(body), Number.parseInt(text(id)), Number(ts), Number(epoch));
}

/** A stored body with what its place in the log says. */
export function decodeBody(body: string, seq: number, ts: number, epoch: number): LogEntry {
  // encode() wrote it
  const parsed = parseStored(body) as EntryBody & { readonly v: 1 };
  const entry = { ...parsed, seq, ts, epoch };
  if (entry.kind !== 'open') return entry;
  // the script's clock gave the time, and scripts do not look into bodies
  const status = { ...entry.task.status, timestamp: new Date(ts).toISOString() };
  return { ...entry, task: { ...entry.task, status } };
}

/** The arguments for one entry of an append: kind, state, upTo, pause, body. */
export function appendedText(entry: EntryBody, body: string): readonly string[] {
  if (entry.kind !== 'status') return [entry.kind, '', '', '', body];
  const { state, upTo, pause } = entry;
  return [entry.kind, state, String(upTo ?? ''), pause ? String(pause.timeoutMs ?? 'never') : '', body];
}

/** A whole number as an argument; no bound, or one beyond what the server counts to, is ''. */
export function boundText(value: number): string {
  return value <= Number.MAX_SAFE_INTEGER ? String(value) : '';
}

/** A reply that is an array. */
export function list(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new TypeError('Redis answered with something else than an array');
  return reply;
}

/** A reply that is an integer. */
export function number(reply: unknown): number {
  if (typeof reply !== 'number') throw new TypeError('Redis answered with something else than an integer');
  return reply;
}

/** A reply that is text. */
export function text(reply: unknown): string {
  if (typeof reply !== 'string') throw new TypeError('Redis answered with something else than text');
  return reply;
}

/** A reply that is one of these words. */
export function oneOf<T extends string>(words: readonly T[], reply: unknown): T {
  const word = words.find((it) => it === reply);
  if (word === undefined) throw new TypeError(`Redis answered ${String(reply)}`);
  return word;
}
