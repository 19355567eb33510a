import type { Agent, Chunk, Output } from './output.ts';
import { isStreamed } from './output.ts';
import type { Turn } from './turn.ts';
import type { TurnWriter } from './turn-writer.ts';

/** How an agent's function ended. */
export interface AgentEnd {
  /** What it threw; absent when it returned. */
  readonly error?: unknown;
}

/** Runs an agent and writes what it gives. Never rejects. Once `turn.signal` is aborted, what it gives is left aside. */
export async function callAgent(agent: Agent, turn: Turn, writer: TurnWriter): Promise<AgentEnd> {
  try {
    const given = agent(turn);
    const output = await outputOf(given, turn, writer);
    if (!turn.signal.aborted && writer.state() === 'open') await writer.finish(output);
    return {};
  } catch (error) {
    return { error };
  }
}

/** What is left to answer with: nothing, once a stream has been written. */
async function outputOf(given: ReturnType<Agent>, turn: Turn, writer: TurnWriter): Promise<Output> {
  if (!isStreamed(given)) return given;
  await pump(given, turn, writer);
  return undefined;
}

/** Streams what an agent yields into one artifact, as fast as the storage takes it. */
async function pump(chunks: AsyncIterable<Chunk>, turn: Turn, writer: TurnWriter): Promise<void> {
  const stream = writer.stream();
  const iterator = chunks[Symbol.asyncIterator]();
  const refused: unknown[] = [];
  let stored: Promise<unknown> = Promise.resolve();
  for (let done = false; !done && refused.length === 0;) {
    const next: IteratorResult<Chunk, Chunk | undefined> = await iterator.next();
    if (turn.signal.aborted) break;
    done = next.done === true;
    // a generator may also return a last piece
    if (next.value !== undefined)
      stored = stream.append(next.value).catch((error: unknown) => refused.push(error));
    await writer.room();
  }
  if (turn.signal.aborted || refused.length > 0) await iterator.return?.();
  await stored;
  if (refused.length > 0) throw refused[0];
}
