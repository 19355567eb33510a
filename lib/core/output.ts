import type { Part } from '../protocol/v1.ts';
import type { Turn } from './turn.ts';

/** What an agent may return: text or parts become one artifact; nothing adds nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- an async function without return gives void
export type Output = string | Part | readonly Part[] | void;

/** One piece of a streamed artifact. */
export type Chunk = string | Part | readonly Part[];

/**
 * An agent: a function of a turn.
 *
 * What it returns becomes one artifact and completes the task; what it yields is streamed into one artifact; what it
 * does through the turn is sent as it is, in that order. A throw fails the task with a neutral text and an error id;
 * throw `TaskFailed` to tell the client more. Pass `turn.signal` on: it is aborted on cancel, time-out and shutdown.
 */
export type Agent = (turn: Turn) => Output | AsyncIterable<Chunk> | Promise<Output | AsyncIterable<Chunk>>;

/** Whether an agent gave a stream of chunks. */
export function isStreamed(output: unknown): output is AsyncIterable<Chunk> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output;
}
