import type { Artifact, Part } from '../protocol/v1.ts';
import type { AppendQueue, Pushed, Stored } from './append-queue.ts';
import { artifactChunks, type ArtifactChunks } from './artifact-stream.ts';
import { draftArtifact, draftMessage, draftMetadata } from './draft.ts';
import { Failures } from './failure.ts';
import type { Answers, ArtifactBody, EntryBody, Metadata, Seq, StatusBody, StoredTask } from './log.ts';
import type { Output } from './output.ts';
import { type Deferred, deferred, quiet } from './promises.ts';
import { TaskClosed, TaskTooLarge } from './task-failed.ts';
import type { ArtifactDraft, ArtifactStream, Draft } from './turn.ts';

/** How a run stands: it may still write; it has ended the task; it waits for the client; newer input came while it paused. */
export type RunState = 'open' | 'closed' | 'paused' | 'more';

/** The turn that is written. */
export interface TurnWriterOwner {
  /** The newest input that the run has seen. */
  readonly upTo: () => Seq;
  /** Called with each call of the agent that writes, before it is carried out. */
  readonly onCall: () => void;
  /** Called when the end, or the pause, is stored or refused. */
  readonly onOver: () => void;
  /** Called when the task was ended since it had grown too large. */
  readonly onTooLarge: () => void;
  readonly warn: (text: string) => void;
}

/** What a writer needs of its run. */
export interface WriterContext {
  readonly queue: AppendQueue;
  readonly claimed: { readonly answers: Answers };
  readonly options: { readonly inputTimeoutMs: number; readonly exposeErrors?: boolean };
}

type FailureState = 'TASK_STATE_FAILED' | 'TASK_STATE_REJECTED';
type InterruptedState = 'TASK_STATE_INPUT_REQUIRED' | 'TASK_STATE_AUTH_REQUIRED';
type Make = () => readonly EntryBody[];

/** What a client is told of a task that outgrew the storage's limit. */
export const TOO_LARGE = 'The task grew beyond the size this server allows';

const NO_STREAMS: readonly ArtifactChunks[] = [];

/** Turns what an agent does into entries, in the order in which it does it. A class, as each turn has one. */
export class TurnWriter {
  readonly #owner: TurnWriterOwner;
  readonly #context: WriterContext;
  readonly #task: Pick<StoredTask, 'id' | 'contextId'>;
  readonly #answered: Seq;
  #streams: Set<ArtifactChunks> | undefined;
  #state: RunState = 'open';
  #artifacts = 0;
  #refusals = 0;
  #isTooLarge = false;
  #isOver = false;

  /** `answered` is the entry this turn answers; ids of artifacts begin with it, so a retry replaces them and a later turn does not. */
  constructor(
    owner: TurnWriterOwner,
    context: WriterContext,
    task: Pick<StoredTask, 'id' | 'contextId'>,
    answered: Seq,
  ) {
    this.#owner = owner;
    this.#context = context;
    this.#task = task;
    this.#answered = answered;
  }

  get state(): RunState {
    return this.#state;
  }

  get #answers(): Answers {
    return this.#context.claimed.answers;
  }

  /** Made when something fails: most turns have none. */
  get failures(): Failures {
    const { id: taskId, contextId } = this.#task;
    const { exposeErrors = false } = this.#context.options;
    return new Failures({ taskId, contextId, answers: this.#answers, exposeErrors });
  }

  working(message?: Draft, metadata?: Metadata): Promise<void> {
    const make = () => {
      const status = this.#status('TASK_STATE_WORKING', message);
      return [metadata === undefined ? status : { ...status, metadata: draftMetadata(metadata) }];
    };
    return this.#emitTask('A status', make, 'open', nothing);
  }

  artifact(draft: ArtifactDraft): Promise<void> {
    const make = () => [whole(draftArtifact(draft, draft.artifactId ?? this.#nextId()))];
    return this.#emitTask('An artifact', make, 'open', nothing);
  }

  stream(draft: Omit<ArtifactDraft, 'parts'> = {}): ArtifactStream {
    const { artifactId = this.#nextId(), ...head } = draft;
    const chunks = artifactChunks(artifactId, head);
    const streams = (this.#streams ??= new Set());
    streams.add(chunks);
    const write = (make: () => ArtifactBody | undefined) =>
      this.#emitTask(
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

  complete(message?: Draft): Promise<void> {
    return this.#emitTask('A status', () => this.#completed(message), 'closed', nothing);
  }

  fail(message: Draft): Promise<void> {
    return this.#giveUp('TASK_STATE_FAILED', message);
  }

  reject(message: Draft): Promise<void> {
    return this.#giveUp('TASK_STATE_REJECTED', message);
  }

  reply(draft: Draft): Promise<void> {
    const make = (): readonly EntryBody[] => {
      const message = draftMessage(draft, this.#task.contextId);
      if (this.#answers === 'message') return [{ kind: 'message', message }];
      const { parts, metadata, extensions } = message;
      const more = { ...(metadata && { metadata }), ...(extensions && { extensions }) };
      return [whole({ artifactId: this.#nextId(), parts, ...more }), ...this.#completed()];
    };
    return this.#emit(make, 'closed', nothing);
  }

  requireInput(message: Draft): Promise<void> {
    return this.#pause('TASK_STATE_INPUT_REQUIRED', message);
  }

  /** Says AUTH_REQUIRED and ends the run. */
  pauseForAuth(message: Draft): Promise<void> {
    return this.#pause('TASK_STATE_AUTH_REQUIRED', message);
  }

  /** Says AUTH_REQUIRED and keeps the run. */
  waitForAuth(message: Draft): Promise<Stored> {
    const make = () => [{ ...this.#status('TASK_STATE_AUTH_REQUIRED', message), upTo: this.#owner.upTo() }];
    return this.#emitTask('A request for credentials', make, 'open', (stored) => stored);
  }

  /** Completes the task with what the agent returned. */
  finish(output: Output): Promise<void> {
    if (output === undefined)
      return this.#emitTask('An end without a message', () => this.#completed(), 'closed', nothing);
    if (typeof output === 'string' && this.#answers === 'task')
      return this.#emit(() => this.#text(output), 'closed', nothing);
    return this.reply(typeof output === 'string' || isParts(output) ? output : [output]);
  }

  /** Ends the task on the runtime's behalf, whatever the agent does meanwhile. */
  close(body: StatusBody): Promise<void> {
    if (this.#state !== 'open') return Promise.resolve();
    this.#state = 'closed';
    const answer: Deferred<void> = deferred();
    this.#push([body], nothing, answer);
    return answer.promise;
  }

  /** Takes nothing more, and writes nothing. */
  seal(): void {
    this.#state = 'closed';
    this.#setOver();
  }

  /** Undefined while there is room for more; else resolves when there is. */
  room(): Promise<void> | undefined {
    return this.#context.queue.room();
  }

  /** Makes the entries only when they may be written, and writes them in the same turn. */
  #emit<T>(make: Make, next: RunState, result: (stored: Stored) => T): Promise<T> {
    if (this.#state !== 'open') return quiet(this.#refuse());
    const answer = deferred<T>();
    try {
      const bodies = make();
      this.#owner.onCall();
      this.#state = next;
      this.#push(bodies, result, answer);
    } catch (error) {
      // an agent that does not await this call would never learn of it
      this.#owner.warn(`a call of the agent was refused: ${String(error)}`);
      void quiet(answer.promise);
      answer.reject(asError(error));
    }
    return answer.promise;
  }

  /** As `emit`, for what only a task can carry: a bare Message has no status and no artifacts (§3.1.1). */
  #emitTask<T>(what: string, make: Make, next: RunState, result: (stored: Stored) => T): Promise<T> {
    if (this.#answers === 'task' || this.#state !== 'open') return this.#emit(make, next, result);
    void this.#emit(() => [this.failures.invalid(what)], 'closed', nothing);
    return quiet(
      Promise.reject(new TaskClosed(`${what} can not be sent where the option answers is 'message'`)),
    );
  }

  #push<T>(bodies: readonly EntryBody[], result: (stored: Stored) => T, answer: Deferred<T>): void {
    this.#context.queue.push(bodies, new Call(this, this.#state !== 'open', result, answer));
  }

  /** A call is stored; `ends` says whether it was one that ends the run. */
  stored({ more }: Stored, ends: boolean): void {
    if (more === true) this.#state = 'more';
    if (ends) this.#setOver();
  }

  /** A call is refused, and with it all that follow. */
  refused(error: Error): void {
    if (error instanceof TaskTooLarge) this.#endTooLarge();
    else this.seal();
  }

  /** A task that can not take what its agent says has failed: an end without it would be wrong. */
  #endTooLarge(): void {
    if (this.#isTooLarge) return;
    this.#isTooLarge = true;
    this.#owner.onTooLarge();
    this.#state = 'closed';
    const setOver = () => {
      this.#setOver();
    };
    this.#context.queue.pushEnd([this.failures.say(TOO_LARGE)], { onStored: setOver, onRefused: setOver });
  }

  #setOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onOver();
  }

  async #refuse(): Promise<never> {
    const how = this.#state === 'closed' ? 'The task has ended' : 'The run waits for the client';
    this.#refusals += 1;
    if (this.#refusals === 1) this.#owner.warn(`${how}; what the agent says now is not stored`);
    // an agent that goes on all the same must not keep the event loop to itself
    await new Promise(setImmediate);
    throw new TaskClosed(how);
  }

  #giveUp(to: FailureState, message: Draft): Promise<void> {
    return this.#emit(() => [this.failures.say(message, to)], 'closed', nothing);
  }

  #pause(interrupted: InterruptedState, message: Draft): Promise<void> {
    const { inputTimeoutMs } = this.#context.options;
    const pause = Number.isFinite(inputTimeoutMs) ? { timeoutMs: inputTimeoutMs } : {};
    const make = () =>
      this.#ended({ ...this.#status(interrupted, message), upTo: this.#owner.upTo(), pause });
    return this.#emitTask('A request for input', make, 'paused', nothing);
  }

  #status(state: StatusBody['state'], message?: Draft): StatusBody {
    const { contextId, id: taskId } = this.#task;
    return message === undefined
      ? { kind: 'status', state }
      : { kind: 'status', state, message: draftMessage(message, contextId, taskId) };
  }

  /** The most frequent output of all: nothing in it is to be checked. */
  #text(text: string): readonly EntryBody[] {
    return [whole({ artifactId: this.#nextId(), parts: [{ text }] }), ...this.#completed()];
  }

  #completed(message?: Draft): readonly EntryBody[] {
    return this.#ended(this.#status('TASK_STATE_COMPLETED', message));
  }

  /** With the end of every stream that is still open. The status is made before: one that is wrong must not have ended them. */
  #ended(end: StatusBody): readonly EntryBody[] {
    const bodies: EntryBody[] = [];
    for (const chunks of this.#streams ?? NO_STREAMS) bodies.push(...listOf(chunks.last()));
    bodies.push(end);
    return bodies;
  }

  #nextId(): string {
    this.#artifacts += 1;
    return `${this.#answered}-${this.#artifacts}`;
  }
}

/** A call that is being stored. A class, as each chunk is one. */
class Call<T> implements Pushed {
  readonly #writer: TurnWriter;
  readonly #ends: boolean;
  readonly #result: (stored: Stored) => T;
  readonly #answer: Deferred<T>;

  constructor(writer: TurnWriter, ends: boolean, result: (stored: Stored) => T, answer: Deferred<T>) {
    this.#writer = writer;
    this.#ends = ends;
    this.#result = result;
    this.#answer = answer;
  }

  onStored(stored: Stored): void {
    this.#writer.stored(stored, this.#ends);
    this.#answer.resolve(this.#result(stored));
  }

  onRefused(error: Error): void {
    this.#writer.refused(error);
    // only now, as most calls are not refused
    void quiet(this.#answer.promise);
    this.#answer.reject(error);
  }
}

function whole(artifact: Artifact): ArtifactBody {
  return { kind: 'artifact', artifact, append: false, lastChunk: true };
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
