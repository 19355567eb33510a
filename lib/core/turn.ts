import type { Artifact, Message, Part } from '../protocol/v1.ts';
import type { Metadata, RunRequest, Scope, StoredTask, TaskId } from './log.ts';
import type { Chunk } from './output.ts';

/** What an agent may write where a Message is wanted: ids and role are filled in. */
export type Draft = string | readonly Part[] | (Partial<Omit<Message, 'parts'>> & Pick<Message, 'parts'>);

/** Why `turn.signal` was aborted: by the client, by another worker, by a deploy, by a time limit, by the size of the task. */
export type AbortReason = 'cancel' | 'lease-lost' | 'shutdown' | 'timeout' | 'too-large';

/** A file part of a message, decoded. Exactly one of `bytes` and `url` is set; a url is never fetched by us. */
export interface TurnFile {
  readonly name?: string;
  readonly mediaType?: string;
  readonly bytes?: Uint8Array;
  readonly url?: string;
}

/** An artifact without its id, which is made when left out. */
export type ArtifactDraft = Omit<Artifact, 'artifactId'> & { artifactId?: string };

/** An artifact that grows. Text appended to text is stored as one part. */
export interface ArtifactStream {
  readonly append: (content: Chunk) => Promise<void>;
  /** Sends the last chunk. Later appends are refused with TaskClosed. */
  readonly end: (content?: Chunk) => Promise<void>;
}

/** What ended a wait: a message of the client, or the data of `a2a.resume`. */
export type WaitResult = { readonly message: Message } | { readonly data: unknown };

/**
 * One run of an agent: what the client said, and how to answer it.
 *
 * Every method that writes resolves when its entry is stored, never on a reader; several in flight are stored as one
 * append. They reject with TaskClosed after the end of the task or a pause, with LeaseLost when another worker may have it.
 */
export interface Turn {
  readonly taskId: TaskId;
  readonly contextId: string;
  readonly scope: Scope;
  readonly request: RunRequest;
  /** The message this run answers. */
  readonly message: Message;
  /** Its text parts, joined by line breaks. */
  readonly text: string;
  readonly files: readonly TurnFile[];
  /** The values of its data parts. */
  readonly data: readonly unknown[];
  /** The task as it was when the run began: history, and artifacts of earlier turns. */
  readonly task: Readonly<StoredTask>;
  /** 1, and more when an earlier attempt was lost with its worker. */
  readonly attempt: number;
  /** What `a2a.resume` brought, where it started this run. */
  readonly resumed?: unknown;
  /** Aborted with an AbortReason; pass it to fetch and model calls. */
  readonly signal: AbortSignal;
  /** Says that work goes on, with a message or without. */
  readonly working: (message?: Draft, metadata?: Metadata) => Promise<void>;
  /** Adds a whole artifact, or replaces the one with that id. */
  readonly artifact: (artifact: ArtifactDraft) => Promise<void>;
  /** Starts an artifact that is sent piece by piece. */
  readonly stream: (artifact?: Omit<ArtifactDraft, 'parts'>) => ArtifactStream;
  readonly complete: (message?: Draft) => Promise<void>;
  readonly fail: (message: Draft) => Promise<void>;
  readonly reject: (message: Draft) => Promise<void>;
  /** Answers: the one Message where `answers` is 'message', else an artifact and COMPLETED. */
  readonly reply: (message: Draft) => Promise<void>;
  /** Asks the client and ends the run; the next message of the client starts another one (§3.4.3). */
  readonly requireInput: (message: Draft) => Promise<void>;
  /**
   * Asks for credentials (§7.6.1). Without `wait` it ends the run, as `requireInput` does. With `wait` the run keeps
   * its worker and goes on with what comes; any other call of the turn gives the wait up (the promise then rejects
   * with TaskClosed); it rejects with the AbortReason when `signal` aborts. `inputTimeoutMs` bounds it.
   */
  readonly requireAuth: {
    (message: Draft, options?: { wait?: false }): Promise<void>;
    (message: Draft, options: { wait: true }): Promise<WaitResult>;
  };
  /** Messages that come while the run waits in AUTH_REQUIRED, other than the one that `requireAuth` resolved with. */
  readonly messages: () => AsyncIterable<Message>;
  /** Finished tasks of the same context and scope, newest first. */
  readonly previousTasks: (limit: number) => Promise<readonly StoredTask[]>;
  /** Tasks named by `message.referenceTaskIds`; those the caller may not see are left out. */
  readonly referencedTasks: () => Promise<readonly StoredTask[]>;
}
