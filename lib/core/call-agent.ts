import { Fairness } from './fairness.ts';
import type { Clock } from './clock.ts';
import { type Agent, type Chunk, isStreamed, type Output } from './output.ts';
import { rejected } from './promises.ts';
import type { StopSignal } from './stop-signal.ts';
import type { Turn } from './turn.ts';
import type { TurnWriter } from './turn-writer.ts';

/** What an agent gives. */
export type Given = Output | AsyncIterable<Chunk>;

/** Calls an agent. Rejects with what it throws, also where it throws at once. */
export function askAgent(agent: Agent, turn: Turn): Promise<Given> {
  try {
    return Promise.resolve(agent(turn));
  } catch (error) {
    return rejected(error);
  }
}

/**
 * Writes what an agent has given; undefined where there is nothing to wait for. Rejects with what the agent throws while it
 * streams. Once it is to stop, what it gives is left aside.
 */
export function writeGiven(
  given: Given,
  writer: TurnWriter,
  stop: StopSignal,
  clock: Clock,
): Promise<void> | undefined {
  if (isStreamed(given)) return pump(given, writer, stop, clock).then(() => finish(undefined, writer, stop));
  return finish(given, writer, stop);
}

function finish(output: Output, writer: TurnWriter, stop: StopSignal): Promise<void> | undefined {
  return !stop.isStopped && writer.state === 'open' ? writer.finish(output) : undefined;
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
