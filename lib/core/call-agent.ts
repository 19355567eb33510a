import { Fairness } from './fairness.ts';
import type { Clock } from './clock.ts';
import { type Agent, type Chunk, isStreamed, type Output } from './output.ts';
import type { StopSignal } from './stop-signal.ts';
import type { Turn } from './turn.ts';
import type { TurnWriter } from './turn-writer.ts';

/** What an agent gives. */
export type Given = Output | AsyncIterable<Chunk>;

/** Told what an agent gave, or what it threw. */
export interface AgentCaller {
  readonly onGiven: (given: Given) => void;
  readonly onThrown: (error: unknown) => void;
}

/**
 * Calls an agent, and tells what `await` would: what it throws at once as well, and nothing of a `then` that a promise of
 * it may have of its own. Without a function that waits, as agents take long.
 */
export function askAgent(agent: Agent, turn: Turn, caller: AgentCaller): void {
  try {
    const answer = Promise.resolve(agent(turn));
    const given = (it: Given) => {
      caller.onGiven(it);
    };
    const thrown = (error: unknown) => {
      caller.onThrown(error);
    };
    Reflect.apply(THEN, answer, [given, thrown]);
  } catch (error) {
    caller.onThrown(error);
  }
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- it is applied to a promise
const THEN = Promise.prototype.then;

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
