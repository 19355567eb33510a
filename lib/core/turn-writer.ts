import type { Part } from '../protocol/v1.ts';
import type { AppendQueue, Stored } from './append-queue.ts';
import { TaskTooLarge } from './append-queue.ts';
import { artifactChunks, type ArtifactChunks } from './artifact-stream.ts';
import { draftArtifact, draftMessage } from './draft.ts';
import type { Answers, ArtifactBody, EntryBody, Seq, StatusBody, TaskId } from './log.ts';
import type { Output } from './output.ts';
import { TaskClosed } from './task-failed.ts';
import type { ArtifactDraft, ArtifactStream, Draft, Turn } from './turn.ts';

/** How a run stands: it may still write; it has ended the task; it waits for the client; newer input came while it paused. */
export type RunState = 'open' | 'closed' | 'paused' | 'more';

/** Turns what an agent does into entries, in the order in which it does it. */
export interface TurnWriter extends Pick<
  Turn,
  'working' | 'artifact' | 'stream' | 'complete' | 'fail' | 'reject' | 'reply' | 'requireInput'
> {
  readonly state: () => RunState;
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
  /** Resolves when the queue has room for more. */
  readonly room: AppendQueue['room'];
  /** Resolves when all that was said is stored or refused, and `state` is final. */
  readonly settled: () => Promise<void>;
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
  /** Called before each call of the agent that writes. */
  readonly onWrite: () => void;
  /** Called when a write was refused because the task is too large. */
  readonly onTooLarge: () => void;
  /** The status to close with when the agent did what `answers: 'message'` has no place for. */
  readonly invalid: (what: string) => StatusBody;
  /** The status to close with when the agent gave up in words for the client. */
  readonly failed: (state: FailureState, message: Draft) => StatusBody;
  readonly warn: (text: string) => void;
}

type FailureState = 'TASK_STATE_FAILED' | 'TASK_STATE_REJECTED';
type InterruptedState = 'TASK_STATE_INPUT_REQUIRED' | 'TASK_STATE_AUTH_REQUIRED';

/** Makes the writer of one run. */
export function createTurnWriter(options: TurnWriterOptions): TurnWriter {
  const { queue, taskId, contextId, answers, upTo } = options;
  const streams = new Set<ArtifactChunks>();
  let state: RunState = 'open';
  let artifacts = 0;
  let pausing: Promise<void> = Promise.resolve();

  /** Makes the entries only when they may be written, and writes them in the same turn. */
  function emit(make: () => readonly EntryBody[], next: RunState = 'open'): Promise<Stored> {
    if (state !== 'open') return refuse();
    try {
      const bodies = make();
      options.onWrite();
      state = next;
      return push(bodies);
    } catch (error) {
      return quiet(Promise.reject(asError(error)));
    }
  }

  function push(bodies: readonly EntryBody[]): Promise<Stored> {
    const stored = queue.push(bodies);
    stored.catch((error: unknown) => {
      if (error instanceof TaskTooLarge) options.onTooLarge();
      else state = 'closed';
    });
    return stored;
  }

  function refuse(): Promise<never> {
    const how = state === 'closed' ? 'The task has ended' : 'The run waits for the client';
    options.warn(`${how}; what the agent says now is not stored`);
    return quiet(Promise.reject(new TaskClosed(how)));
  }

  /** As `emit`, for what only a task can carry: a bare Message has no status and no artifacts (§3.1.1). */
  function emitTask(what: string, make: () => readonly EntryBody[], next?: RunState): Promise<Stored> {
    if (answers === 'task' || state !== 'open') return emit(make, next);
    void emit(() => [options.invalid(what)], 'closed');
    return quiet(
      Promise.reject(new TaskClosed(`${what} can not be sent where the option answers is 'message'`)),
    );
  }

  function pause(interrupted: InterruptedState, message: Draft): Promise<void> {
    const stored = emitTask(
      'A request for input',
      () => [
        ...endStreams(),
        {
          ...status(interrupted, message),
          upTo: upTo(),
          pause: Number.isFinite(options.inputTimeoutMs) ? { timeoutMs: options.inputTimeoutMs } : {},
        },
      ],
      'paused',
    );
    pausing = done(
      stored.then((result) => {
        if (result.more === true) state = 'more';
      }),
    );
    return pausing;
  }

  function stream(draft: Omit<ArtifactDraft, 'parts'> = {}): ArtifactStream {
    const { artifactId = nextId(), ...head } = draft;
    const chunks = artifactChunks(artifactId, head);
    streams.add(chunks);
    const write = (make: () => ArtifactBody | undefined) => {
      if (chunks.isOver())
        return quiet(Promise.reject(new TaskClosed(`The artifact ${artifactId} has ended`)));
      return done(emitTask('An artifact', () => listOf(make())));
    };
    return {
      append: (content) => (content === '' ? Promise.resolve() : write(() => chunks.next(content))),
      end: (content) => {
        const ended = write(() => chunks.last(content));
        streams.delete(chunks);
        return ended;
      },
    };
  }

  const status = (to: StatusBody['state'], message?: Draft): StatusBody => ({
    kind: 'status',
    state: to,
    ...(message !== undefined && { message: draftMessage(message, contextId, taskId) }),
  });
  const nextId = () => `${String(options.answered)}-${String((artifacts += 1))}`;
  const endStreams = () => [...streams].flatMap((chunks) => listOf(chunks.last()));
  const whole = (draft: ArtifactDraft): ArtifactBody => ({
    kind: 'artifact',
    artifact: draftArtifact(draft, draft.artifactId ?? nextId()),
    append: false,
    lastChunk: true,
  });
  const completed = (message?: Draft) => [...endStreams(), status('TASK_STATE_COMPLETED', message)];
  const giveUp = (to: FailureState, message: Draft) =>
    done(emit(() => [options.failed(to, message)], 'closed'));

  function reply(draft: Draft): Promise<void> {
    return done(
      emit(() => {
        const message = draftMessage(draft, contextId);
        if (answers === 'message') return [{ kind: 'message', message }];
        const { parts, metadata, extensions } = message;
        return [
          whole({ parts, ...(metadata && { metadata }), ...(extensions && { extensions }) }),
          ...completed(),
        ];
      }, 'closed'),
    );
  }

  return {
    state: () => state,
    working: (message, metadata) =>
      done(
        emitTask('A status', () => [
          { ...status('TASK_STATE_WORKING', message), ...(metadata !== undefined && { metadata }) },
        ]),
      ),
    artifact: (draft) => done(emitTask('An artifact', () => [whole(draft)])),
    stream,
    complete: (message) => done(emitTask('A status', () => completed(message), 'closed')),
    fail: (message) => giveUp('TASK_STATE_FAILED', message),
    reject: (message) => giveUp('TASK_STATE_REJECTED', message),
    reply,
    requireInput: (message) => pause('TASK_STATE_INPUT_REQUIRED', message),
    pauseForAuth: (message) => pause('TASK_STATE_AUTH_REQUIRED', message),
    waitForAuth: (message) =>
      emitTask('A request for credentials', () => [
        { ...status('TASK_STATE_AUTH_REQUIRED', message), upTo: upTo() },
      ]),
    finish(output) {
      if (output === undefined)
        return done(emitTask('An end without a message', () => completed(), 'closed'));
      return reply(typeof output === 'string' || isParts(output) ? output : [output]);
    },
    async close(body) {
      if (state === 'closed') return;
      state = 'closed';
      await push([body]);
    },
    seal: () => {
      state = 'closed';
    },
    room: queue.room,
    async settled() {
      await queue.settled();
      await pausing.catch(() => {
        // the agent was told
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

function done(stored: Promise<unknown>): Promise<void> {
  return quiet(stored.then(() => undefined));
}

/** A promise that nobody has to look at: an agent that does not await a refused call must not end the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // whoever awaits the promise still gets the error
  });
  return promise;
}
