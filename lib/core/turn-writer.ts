import type { Artifact, Part } from '../protocol/v1.ts';
import type { AppendQueue, Stored } from './append-queue.ts';
import { artifactChunks, type ArtifactChunks } from './artifact-stream.ts';
import { draftArtifact, draftMessage, draftMetadata } from './draft.ts';
import { Ending } from './ending.ts';
import type { Failures } from './failure.ts';
import type { Answers, ArtifactBody, EntryBody, Metadata, Seq, StatusBody, TaskId } from './log.ts';
import type { Output } from './output.ts';
import { quiet } from './quiet.ts';
import { TaskClosed, TaskTooLarge } from './task-failed.ts';
import type { ArtifactDraft, ArtifactStream, Draft, Turn } from './turn.ts';

/** How a run stands: it may still write; it has ended the task; it waits for the client; newer input came while it paused. */
export type RunState = 'open' | 'closed' | 'paused' | 'more';

/** Turns what an agent does into entries, in the order in which it does it. */
export interface TurnWriter extends Pick<
  Turn,
  'working' | 'artifact' | 'stream' | 'complete' | 'fail' | 'reject' | 'reply' | 'requireInput'
> {
  readonly state: () => RunState;
  /** Called back when the end, or the pause, is stored or refused. */
  readonly onOver: (callback: () => void) => void;
  /** Says AUTH_REQUIRED and ends the run. */
  readonly pauseForAuth: (message: Draft) => Promise<void>;
  /** Says AUTH_REQUIRED and keeps the run. */
  readonly waitForAuth: (message: Draft) => Promise<Stored>;
  /** Completes the task with what the agent returned. */
  readonly finish: (output: Output) => Promise<void>;
  /** Ends the task on the runtime's behalf, whatever the agent does meanwhile. */
  readonly close: (body: StatusBody) => Promise<void>;
  /** Takes nothing more, and writes nothing. */
  readonly seal: () => void;
  /** Undefined while there is room for more; else resolves when there is. */
  readonly room: () => Promise<void> | undefined;
}

/** What a writer needs of its run. */
export interface TurnWriterOptions {
  readonly queue: AppendQueue;
  readonly taskId: TaskId;
  readonly contextId: string;
  readonly answers: Answers;
  /** The entry this run answers; ids of artifacts begin with it, so a retry replaces them and a later turn does not. */
  readonly answered: Seq;
  /** The newest input that the run has seen. */
  readonly upTo: () => Seq;
  readonly inputTimeoutMs: number;
  readonly failures: Failures;
  /** Called with each call of the agent that writes, before it is carried out. */
  readonly onCall: () => void;
  /** Called when the task was ended since it had grown too large. */
  readonly onTooLarge: () => void;
  readonly warn: (text: string) => void;
}

type FailureState = 'TASK_STATE_FAILED' | 'TASK_STATE_REJECTED';
type InterruptedState = 'TASK_STATE_INPUT_REQUIRED' | 'TASK_STATE_AUTH_REQUIRED';

/** What a client is told of a task that outgrew the storage's limit. */
export const TOO_LARGE = 'The task grew beyond the size this server allows';

/** Makes the writer of one run. */
export function createTurnWriter(options: TurnWriterOptions): TurnWriter {
  const { queue, taskId, contextId, answers, upTo, failures, warn } = options;
  const streams = new Set<ArtifactChunks>();
  let state: RunState = 'open';
  let artifacts = 0;
  let isTooLarge = false;
  let refusals = 0;
  const over = new Ending();
  const setOver = () => {
    over.end(undefined);
  };

  /** Makes the entries only when they may be written, and writes them in the same turn. */
  function emit<T>(
    make: () => readonly EntryBody[],
    next: RunState,
    result: (stored: Stored) => T,
  ): Promise<T> {
    if (state !== 'open') return quiet(refuse());
    return quiet(
      new Promise((resolve, reject) => {
        try {
          const bodies = make();
          options.onCall();
          state = next;
          push(
            bodies,
            (stored) => {
              resolve(result(stored));
            },
            reject,
          );
        } catch (error) {
          // an agent that does not await this call would never learn of it
          warn(`a call of the agent was refused: ${String(error)}`);
          reject(asError(error));
        }
      }),
    );
  }

  function push(
    bodies: readonly EntryBody[],
    onStored: (stored: Stored) => void,
    onRefused: (error: Error) => void,
  ): void {
    const ends = state !== 'open';
    queue.push(
      bodies,
      (stored) => {
        if (stored.more === true) state = 'more';
        if (ends) setOver();
        onStored(stored);
      },
      (error) => {
        if (error instanceof TaskTooLarge) endTooLarge();
        else seal();
        onRefused(error);
      },
    );
  }

  /** A task that can not take what its agent says has failed: an end without it would be wrong. */
  function endTooLarge(): void {
    if (isTooLarge) return;
    isTooLarge = true;
    options.onTooLarge();
    state = 'closed';
    queue.pushEnd([failures.say(TOO_LARGE)], setOver, setOver);
  }

  function seal(): void {
    state = 'closed';
    setOver();
  }

  async function refuse(): Promise<never> {
    const how = state === 'closed' ? 'The task has ended' : 'The run waits for the client';
    refusals += 1;
    if (refusals === 1) warn(`${how}; what the agent says now is not stored`);
    // an agent that goes on all the same must not keep the event loop to itself
    await new Promise(setImmediate);
    throw new TaskClosed(how);
  }

  /** As `emit`, for what only a task can carry: a bare Message has no status and no artifacts (§3.1.1). */
  function emitTask<T>(
    what: string,
    make: () => readonly EntryBody[],
    next: RunState,
    result: (stored: Stored) => T,
  ): Promise<T> {
    if (answers === 'task' || state !== 'open') return emit(make, next, result);
    void emit(() => [failures.invalid(what)], 'closed', nothing);
    return quiet(
      Promise.reject(new TaskClosed(`${what} can not be sent where the option answers is 'message'`)),
    );
  }

  function pause(interrupted: InterruptedState, message: Draft): Promise<void> {
    const { inputTimeoutMs } = options;
    const limit = Number.isFinite(inputTimeoutMs) ? { timeoutMs: inputTimeoutMs } : {};
    const make = () => ended({ ...status(interrupted, message), upTo: upTo(), pause: limit });
    return emitTask('A request for input', make, 'paused', nothing);
  }

  function stream(draft: Omit<ArtifactDraft, 'parts'> = {}): ArtifactStream {
    const { artifactId = nextId(), ...head } = draft;
    const chunks = artifactChunks(artifactId, head);
    streams.add(chunks);
    const write = (make: () => ArtifactBody | undefined) =>
      emitTask(
        'An artifact',
        () => {
          if (chunks.isOver()) throw new TaskClosed(`The artifact ${artifactId} has ended`);
          return listOf(make());
        },
        'open',
        nothing,
      );
    return {
      append: (content) => (content === '' ? Promise.resolve() : write(() => chunks.next(content))),
      end: (content) =>
        write(() => {
          const last = chunks.last(content);
          streams.delete(chunks);
          return last;
        }),
    };
  }

  const status = (state: StatusBody['state'], message?: Draft): StatusBody =>
    message === undefined
      ? { kind: 'status', state }
      : { kind: 'status', state, message: draftMessage(message, contextId, taskId) };
  const nextId = () => `${options.answered}-${(artifacts += 1)}`;
  // after its arguments: a message that is wrong must not have ended the streams
  const ended = (end: StatusBody): EntryBody[] => {
    const bodies: EntryBody[] = [];
    for (const chunks of streams) bodies.push(...listOf(chunks.last()));
    bodies.push(end);
    return bodies;
  };
  const whole = (artifact: Artifact): ArtifactBody => ({
    kind: 'artifact',
    artifact,
    append: false,
    lastChunk: true,
  });
  /** The most frequent output of all: nothing in it is to be checked. */
  const text = (given: string) => [whole({ artifactId: nextId(), parts: [{ text: given }] }), ...completed()];
  const completed = (message?: Draft) => ended(status('TASK_STATE_COMPLETED', message));
  const giveUp = (to: FailureState, message: Draft) =>
    emit(() => [failures.say(message, to)], 'closed', nothing);

  function working(message?: Draft, metadata?: Metadata): Promise<void> {
    const make = () => [
      {
        ...status('TASK_STATE_WORKING', message),
        ...(metadata !== undefined && { metadata: draftMetadata(metadata) }),
      },
    ];
    return emitTask('A status', make, 'open', nothing);
  }

  function reply(draft: Draft): Promise<void> {
    const make = (): EntryBody[] => {
      const message = draftMessage(draft, contextId);
      if (answers === 'message') return [{ kind: 'message', message }];
      const { parts, metadata, extensions } = message;
      const more = { ...(metadata && { metadata }), ...(extensions && { extensions }) };
      return [whole({ artifactId: nextId(), parts, ...more }), ...completed()];
    };
    return emit(make, 'closed', nothing);
  }

  return {
    onOver: (callback) => {
      over.listen(callback);
    },
    stream,
    working,
    reply,
    seal,
    room: () => queue.room(),
    state: () => state,
    artifact: (draft) =>
      emitTask(
        'An artifact',
        () => [whole(draftArtifact(draft, draft.artifactId ?? nextId()))],
        'open',
        nothing,
      ),
    complete: (message) => emitTask('A status', () => completed(message), 'closed', nothing),
    fail: (message) => giveUp('TASK_STATE_FAILED', message),
    reject: (message) => giveUp('TASK_STATE_REJECTED', message),
    requireInput: (message) => pause('TASK_STATE_INPUT_REQUIRED', message),
    pauseForAuth: (message) => pause('TASK_STATE_AUTH_REQUIRED', message),
    waitForAuth: (message) =>
      emitTask(
        'A request for credentials',
        () => [{ ...status('TASK_STATE_AUTH_REQUIRED', message), upTo: upTo() }],
        'open',
        (stored) => stored,
      ),
    finish(output) {
      if (output === undefined)
        return emitTask('An end without a message', () => completed(), 'closed', nothing);
      if (typeof output === 'string' && answers === 'task')
        return emit(() => text(output), 'closed', nothing);
      return reply(typeof output === 'string' || isParts(output) ? output : [output]);
    },
    close(body) {
      if (state !== 'open') return Promise.resolve();
      state = 'closed';
      return new Promise((resolve, reject) => {
        push(
          [body],
          () => {
            resolve();
          },
          reject,
        );
      });
    },
  };
}

function isParts(output: Part | readonly Part[]): output is readonly Part[] {
  return Array.isArray(output);
}

function listOf(body: ArtifactBody | undefined): readonly ArtifactBody[] {
  return body === undefined ? [] : [body];
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What an agent gets for what was stored. */
function nothing(): void {
  return undefined;
}
