import type { Artifact, Message, Task, TaskState, TaskStatus } from '../protocol/v1.ts';

/** Identifier of a task; made by the server (§3.4). */
export type TaskId = string;

/** Position in one task's log: 1-based, contiguous. 0 means "before the first entry". */
export type Seq = number;

/** Free-form JSON, as `metadata` fields carry it. */
export type Metadata = Record<string, unknown>;

/** A task as stored: contextId and status.timestamp are always there. */
export type StoredTask = Task & { contextId: string; status: TaskStatus & { timestamp: string } };

/** What a client gets for a task: the Task with its updates, or exactly one Message (§3.1.1). */
export type Answers = 'task' | 'message';

/** Who may see a task. `agent` is option `agentId` and names the work queue as well; owner null is the anonymous caller. */
export interface Scope {
  readonly agent: string;
  readonly tenant: string;
  readonly owner: string | null;
}

/** What the worker must know of the request. Plain JSON: it crosses machines. */
export interface RunRequest {
  /** Media types the client can take (§3.2.2). */
  readonly acceptedOutputModes?: readonly string[];
  /** URIs of the extensions that are active for this request (§4.6). */
  readonly extensions?: readonly string[];
  /** `metadata` of the request itself, beside that of the message. */
  readonly metadata?: Metadata;
  /** Application data about the caller that the agent may use (claims, locale); kept small. */
  readonly caller?: Metadata;
  /** W3C trace context, as text. */
  readonly traceparent?: string;
}

/** Why a run failed, for the front-end that answers; never sent as such. `text` is what `TaskFailed` said. */
export interface RunError {
  readonly code: -32603 | -32006;
  readonly id: string;
  readonly text?: string;
}

/** What an entry says. `open` is always the first; `status`, `artifact` and `message` are seen by clients. */
export type EntryBody =
  | {
      readonly kind: 'open';
      readonly task: StoredTask;
      readonly request: RunRequest;
      readonly answers: Answers;
    }
  | { readonly kind: 'start'; readonly attempt: number; readonly worker: string }
  | { readonly kind: 'input'; readonly message: Message; readonly request: RunRequest }
  | { readonly kind: 'resume'; readonly data?: unknown }
  | { readonly kind: 'cancel'; readonly metadata?: Metadata }
  | StatusBody
  | ArtifactBody
  | { readonly kind: 'message'; readonly message: Message };

/** A change of state, or progress within one. */
export interface StatusBody {
  readonly kind: 'status';
  readonly state: TaskState;
  readonly message?: Message;
  readonly metadata?: Metadata;
  /** On every interrupted status: the newest `open`, `input` or `resume` that the run had seen (§3.2.2). */
  readonly upTo?: Seq;
  /** The run is over and waits for the client, at most `timeoutMs`; ends the lease in the same step, unless newer input exists. */
  readonly pause?: { readonly timeoutMs?: number };
  readonly error?: RunError;
}

/** An output, or a further chunk of one. */
export interface ArtifactBody {
  readonly kind: 'artifact';
  readonly artifact: Artifact;
  readonly append: boolean;
  readonly lastChunk: boolean;
  readonly metadata?: Metadata;
  /** A text stream goes on: the fold joins the text to the last part. Set by the runtime, never on the wire. */
  readonly join?: true;
}

/**
 * One entry of a task's log. `ts` is Storage's clock in ms (for `status` it is the status timestamp), `epoch` that of
 * the lease it was written under (0: written by the server itself), `v` the entry format.
 */
export type LogEntry = EntryBody & {
  readonly v: 1;
  readonly seq: Seq;
  readonly ts: number;
  readonly epoch: number;
};

/** The list with one more, which may be another list: most tasks have few entries, and one that is pushed to takes room for 17. */
export function withNext<T>(list: T[], next: T): T[] {
  switch (list.length) {
    case 0:
      return [next];
    case 1:
      return [list[0] as T, next]; // as long as the case says
    case 2:
      return [list[0] as T, list[1] as T, next];
    default:
      list.push(next);
      return list;
  }
}
