import { Fairness } from './fairness.ts';
import type { Clock } from './clock.ts';
import { type Agent, type Chunk, isStreamed, type Output } from './output.ts';
import type { StopSignal } from './stop-signal.ts';
import type { Turn } from './turn.ts';
import type { TurnWriter } from './turn-writer.ts';

/** How an agent's function ended. */
export interface AgentEnd {
  /** What it threw, which may be undefined too; absent when it returned. */
  readonly thrown?: { readonly error: unknown };
}

/** An agent that has not ended says no more than one that has. */
export const RETURNED: AgentEnd = {};

/** Runs an agent and writes what it gives. Never rejects. Once it is to stop, what it gives is left aside. */
export async function callAgent(
  agent: Agent,
  turn: Turn,
  writer: TurnWriter,
  stop: StopSignal,
  clock: Clock,
): Promise<AgentEnd> {
  try {
    const given = await agent(turn);
    const output: Output = isStreamed(given) ? undefined : given;
    if (isStreamed(given)) await pump(given, writer, stop, clock);
    if (!stop.isStopped && writer.state === 'open') await writer.finish(output);
    return RETURNED;
  } catch (error) {
    return { thrown: { error } };
  }
}

/** Streams what an agent yields into one artifact, as fast as the storage takes it. */
async function pump(
  chunks: AsyncIterable<Chunk>,
  writer: TurnWriter,
  stop: StopSignal,
  clock: Clock,
): Promise<void> {
  const stream = writer.stream();
  const iterator = chunks[Symbol.asyncIterator]();
  const fairness = new Fairness(clock);
  const refused: unknown[] = [];
  let stored: Promise<unknown> = Promise.resolve();
  for (let done = false; !done && refused.length === 0;) {
    const next: IteratorResult<Chunk, Chunk | undefined> = await iterator.next();
    if (stop.isStopped) break;
    done = next.done === true;
    // a generator may also return a last piece
    if (next.value !== undefined)
      stored = stream.append(next.value).catch((error: unknown) => refused.push(error));
    await (writer.room() ?? fairness.giveTurn(1));
  }
  if (stop.isStopped || refused.length > 0) await iterator.return?.();
  await stored;
  if (refused.length > 0) throw refused[0];
}
