import { isStreamed, type Agent, type Chunk } from '../core/output.ts';
import type { TaskId } from '../core/log.ts';
import type { ArtifactDraft, Draft, Turn, WaitResult } from '../core/turn.ts';
import type { Gate } from './gate.ts';

/**
 * What a scripted agent does next. A string, a Part or Part[] is a chunk of the streamed artifact, as if yielded.
 *
 * `ask`, and `askAuth` without `wait`, end the run: the step after it is the first of the next run, which the client's
 * next message starts. `complete`, `reply`, `fail`, `reject` and `throw` end the task.
 */
export type Step =
  | Chunk
  /** Says that work goes on; `true` for no message. */
  | { readonly working: Draft | true }
  /** Sends a whole artifact. */
  | { readonly artifact: ArtifactDraft }
  /** Asks the client: INPUT_REQUIRED. */
  | { readonly ask: Draft }
  /** Asks for credentials: AUTH_REQUIRED. With `wait` the run goes on with what comes. */
  | { readonly askAuth: Draft; readonly wait?: boolean }
  | { readonly complete: Draft | true }
  | { readonly reply: Draft }
  | { readonly fail: Draft }
  | { readonly reject: Draft }
  /** Throws it: what clients see of an agent that breaks. */
  | { readonly throw: unknown }
  /** Waits until the gate is open, or the turn is aborted. */
  | { readonly wait: Gate }
  /** Anything else. What it gives back is ignored, but for a stream of chunks, which is yielded. */
  | ((turn: Turn) => unknown);

/** An agent that plays a script, and keeps what it was told. */
export interface ScriptedAgent {
  (turn: Turn): AsyncGenerator<Chunk, void>;
  /** Every turn it was called with, oldest first. */
  readonly turns: readonly Turn[];
  /** What came out of the steps `askAuth` with `wait`, oldest first. */
  readonly waits: readonly WaitResult[];
}

/**
 * Makes an agent that plays the steps for every task, from the first one on. A script that ends completes the task.
 *
 * A run that is tried again begins where the lost one began. Fits wherever an agent does: `createTestAgent`,
 * `a2aRouter`, `startWorker`.
 */
export function scriptedAgent(steps: readonly Step[]): ScriptedAgent {
  const script = [...steps];
  const turns: Turn[] = [];
  const waits: WaitResult[] = [];
  // where the next run of a task begins
  const places = new Map<TaskId, number>();

  async function* play(turn: Turn): AsyncGenerator<Chunk, void> {
    turns.push(turn);
    const begun = places.get(turn.taskId) ?? 0;
    for (let place = begun; place < script.length; place += 1) {
      if (turn.signal.aborted) return;
      const step = script[place];
      if (step === undefined) return;
      if (isChunk(step)) {
        yield step;
      } else if (typeof step === 'function') {
        const given = await step(turn);
        if (isStreamed(given)) yield* given;
      } else if (endsRun(step)) {
        // before it is said: the next run may begin at once
        places.set(turn.taskId, place + 1);
        await act(step, turn).catch((error: unknown) => {
          // it was not said: another attempt plays this run again
          places.set(turn.taskId, begun);
          throw error;
        });
        return;
      } else {
        const result = await act(step, turn);
        if (result !== undefined) waits.push(result);
      }
    }
  }

  return Object.assign(play satisfies Agent, { turns, waits });
}

type Action = Exclude<Step, Chunk | ((turn: Turn) => unknown)>;

const ACTIONS = [
  ...(['working', 'artifact', 'ask', 'askAuth', 'complete', 'reply'] as const),
  ...(['fail', 'reject', 'throw', 'wait'] as const),
];

function isChunk(step: Step): step is Chunk {
  if (typeof step === 'function') return false;
  return typeof step === 'string' || Array.isArray(step) || !ACTIONS.some((name) => name in step);
}

function endsRun(step: Action): boolean {
  if ('askAuth' in step) return step.wait !== true;
  return !('working' in step || 'artifact' in step || 'wait' in step);
}

async function act(step: Action, turn: Turn): Promise<WaitResult | undefined> {
  if ('working' in step) await turn.working(step.working === true ? undefined : step.working);
  else if ('artifact' in step) await turn.artifact(step.artifact);
  else if ('ask' in step) await turn.requireInput(step.ask);
  else if ('askAuth' in step) return askAuth(step, turn);
  else if ('complete' in step) await turn.complete(step.complete === true ? undefined : step.complete);
  else if ('reply' in step) await turn.reply(step.reply);
  else if ('fail' in step) await turn.fail(step.fail);
  else if ('reject' in step) await turn.reject(step.reject);
  else if ('throw' in step) throw step.throw;
  else await Promise.race([step.wait.pass(), aborted(turn.signal)]);
  return undefined;
}

async function askAuth(
  { askAuth: draft, wait = false }: Extract<Action, { askAuth: Draft }>,
  turn: Turn,
): Promise<WaitResult | undefined> {
  if (wait) return turn.requireAuth(draft, { wait });
  await turn.requireAuth(draft);
  return undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
