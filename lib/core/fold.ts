import { extendArtifact, mergeInto, ownArtifact } from '../protocol/reduce.ts';
import { isTerminal } from '../protocol/states.ts';
import type { Artifact, Message, Part, StreamResponse } from '../protocol/v1.ts';
import type { ArtifactBody, EntryBody, LogEntry, Metadata, StatusBody, StoredTask, TaskId } from './log.ts';

/** The first entry of a log. */
export type OpenEntry = Extract<LogEntry, { kind: 'open' }>;

/** A task that is being built out of its log. */
export interface Fold {
  /** Takes the next entry. What it costs does not depend on the size of the task. */
  apply(entry: LogEntry): void;
  /** The task as of the last entry. Its lists are copies, frozen, and shared by all who ask before the next entry. */
  snapshot(shape?: TaskShape): StoredTask;
}

/** How much of a task is wanted. */
export interface TaskShape {
  /** Absent: all; 0: the field is left out; n: at most the n newest (§3.2.4). */
  readonly historyLength?: number | undefined;
  /** Absent: `artifacts` where there are any; true: always, also `[]`; false: never (§3.1.4). */
  readonly includeArtifacts?: boolean | undefined;
}

/** Starts a fold: with the first entry of a log, or with a task that an earlier fold gave. */
export function createFold(start: OpenEntry | StoredTask): Fold {
  return new TaskFold('kind' in start ? openedTask(start) : start);
}

// a class, as every task that is stored has one
class TaskFold implements Fold {
  readonly #id: TaskId;
  readonly #contextId: string;
  #status: StoredTask['status'];
  readonly #history: Message[];
  readonly #artifacts: Artifacts;
  #metadata: Metadata | undefined;
  #cached: StoredTask | undefined;

  constructor({ id, contextId, status, history, artifacts, metadata }: StoredTask) {
    this.#id = id;
    this.#contextId = contextId;
    // assigned, as a spread gives each task a hidden class of its own
    this.#status = Object.assign({}, status);
    this.#history = history === undefined ? [] : [...history];
    this.#artifacts = new Artifacts(artifacts);
    this.#merge(metadata);
  }

  apply(entry: LogEntry): void {
    switch (entry.kind) {
      case 'input':
        this.#cached = undefined;
        this.#keepStatusMessage();
        this.#status = { state: this.#status.state, timestamp: this.#status.timestamp };
        this.#history.push(entry.message);
        return;
      case 'status':
        this.#cached = undefined;
        this.#keepStatusMessage();
        this.#status = statusOf(entry, entry.ts);
        this.#merge(entry.metadata);
        return;
      case 'artifact':
        this.#cached = undefined;
        this.#artifacts.apply(entry);
        return;
      case 'open':
      case 'start':
      case 'resume':
      case 'cancel':
      case 'message':
        return;
      default:
        // an internal kind of a newer version changes nothing that we know of
        entry satisfies never;
    }
  }

  snapshot(shape?: TaskShape): StoredTask {
    this.#cached ??= this.#whole();
    return shape === undefined ? this.#cached : withShape(this.#cached, shape);
  }

  #keepStatusMessage(): void {
    if (this.#status.message !== undefined) this.#history.push(this.#status.message);
  }

  #merge(metadata: Metadata | undefined): void {
    if (metadata !== undefined) this.#metadata = mergeInto(this.#metadata ?? {}, metadata);
  }

  #whole(): StoredTask {
    const task: StoredTask = {
      id: this.#id,
      contextId: this.#contextId,
      status: Object.freeze(this.#status),
    };
    if (!this.#artifacts.isEmpty()) task.artifacts = this.#artifacts.list();
    if (this.#history.length > 0) task.history = frozenList(this.#history);
    const metadata = this.#metadata;
    if (metadata !== undefined && Object.keys(metadata).length > 0)
      task.metadata = Object.freeze({ ...metadata });
    return Object.freeze(task);
  }
}

function openedTask({ task, ts }: OpenEntry): StoredTask {
  return { ...task, status: statusOf(task.status, ts) };
}

function statusOf(
  { state, message }: Pick<StatusBody, 'state' | 'message'>,
  ts: number,
): StoredTask['status'] {
  const timestamp = isoTime(ts);
  return message === undefined ? { state, timestamp } : { state, message, timestamp };
}

interface ArtifactSlot {
  artifact: Artifact;
  owned: boolean;
}

/** Among so few artifacts looking is faster than an index. */
const FEW_ARTIFACTS = 8;

/** The artifacts of a fold, found by their ids. One that was never extended is shared with the entry that brought it. */
class Artifacts {
  readonly #slots: ArtifactSlot[] = [];
  #byId: Map<string, ArtifactSlot> | undefined;

  constructor(start: readonly Artifact[] = []) {
    for (const artifact of start) this.#add(artifact);
  }

  apply({ artifact, append, join }: ArtifactBody): void {
    const slot = this.#find(artifact.artifactId);
    if (slot === undefined) {
      this.#add(artifact);
    } else if (append) {
      if (!slot.owned) slot.artifact = ownArtifact(slot.artifact);
      slot.owned = true;
      const parts = join === true ? joinText(slot.artifact.parts, artifact.parts) : undefined;
      extendArtifact(slot.artifact, artifact, parts);
    } else {
      slot.artifact = artifact;
      slot.owned = false;
    }
  }

  isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  list(): Artifact[] {
    return frozenList(
      this.#slots.map(({ artifact, owned }) =>
        owned ? Object.freeze({ ...artifact, parts: frozenList(artifact.parts) }) : artifact,
      ),
    );
  }

  #add(artifact: Artifact): void {
    const slot = { artifact, owned: false };
    this.#slots.push(slot);
    if (this.#slots.length > FEW_ARTIFACTS)
      this.#byId ??= new Map(this.#slots.map((each) => [each.artifact.artifactId, each]));
    this.#byId?.set(artifact.artifactId, slot);
  }

  #find(id: string): ArtifactSlot | undefined {
    if (this.#byId !== undefined) return this.#byId.get(id);
    return this.#slots.find(({ artifact }) => artifact.artifactId === id);
  }
}

/** Joins the first of the added parts to the last part there, in place, where both are plain text. Gives what is left to push. */
function joinText(parts: Part[], added: Part[]): Part[] {
  const [first, ...others] = added;
  const last = parts.at(-1);
  if (first === undefined || !isPlainText(first)) return added;
  if (first.text === '' && parts.length > 0) return others;
  if (last === undefined || !isPlainText(last)) return added;
  // a new object each time, since a snapshot may hold the old one; the text itself is not copied by adding to it
  parts[parts.length - 1] = Object.freeze({ text: last.text + first.text });
  return others;
}

function isPlainText(part: Part): part is Part & { text: string } {
  return (
    part.text !== undefined &&
    part.metadata === undefined &&
    part.filename === undefined &&
    part.mediaType === undefined
  );
}

function frozenList<T>(list: readonly T[]): T[] {
  const copy = [...list];
  Object.freeze(copy);
  return copy;
}

/** The task that a whole log, from its `open` entry on, amounts to. */
export function foldLog(entries: readonly LogEntry[]): StoredTask {
  const [open, ...others] = entries;
  if (open?.kind !== 'open') throw new TypeError('A log begins with its open entry');
  const fold = createFold(open);
  for (const entry of others) fold.apply(entry);
  return fold.snapshot();
}

/** What a client sees of an entry; undefined for entries that are nobody's business but the server's. */
export function entryEvent(taskId: TaskId, contextId: string, entry: LogEntry): StreamResponse | undefined {
  switch (entry.kind) {
    case 'status':
      return {
        statusUpdate: { taskId, contextId, status: statusOf(entry, entry.ts), ...ownMetadata(entry) },
      };
    case 'artifact': {
      const { artifact, append, lastChunk } = entry;
      return { artifactUpdate: { taskId, contextId, artifact, append, lastChunk, ...ownMetadata(entry) } };
    }
    case 'message':
      return { message: entry.message };
    case 'open':
    case 'start':
    case 'input':
    case 'resume':
    case 'cancel':
      return undefined;
    default:
      entry satisfies never;
      return undefined;
  }
}

function ownMetadata({ metadata }: { readonly metadata?: Metadata }): { metadata?: Metadata } {
  return metadata === undefined ? {} : { metadata };
}

/** Whether the task ends with this entry: a terminal status, or the bare message (§3.1.2). */
export function isClosing(entry: EntryBody): boolean {
  return entry.kind === 'message' || (entry.kind === 'status' && isTerminal(entry.state));
}

/** The task with at most the `historyLength` newest messages (§3.2.4); with 0 the field is left out. Changes nothing in place. */
export function withHistory(task: StoredTask, historyLength: number | undefined): StoredTask {
  const { history, ...others } = task;
  if (history === undefined || historyLength === undefined || historyLength >= history.length) return task;
  return historyLength <= 0 ? others : { ...others, history: history.slice(-historyLength) };
}

/** The task as far as it is wanted. Changes nothing in place. */
export function withShape(task: StoredTask, { historyLength, includeArtifacts }: TaskShape): StoredTask {
  const cut = withHistory(task, historyLength);
  if (includeArtifacts === true) return cut.artifacts === undefined ? { ...cut, artifacts: [] } : cut;
  if (includeArtifacts === undefined || cut.artifacts === undefined) return cut;
  const { artifacts: _, ...others } = cut;
  return others;
}

/** Storage's time as the wire spells it: UTC with milliseconds (§5.6.1). */
export function isoTime(ms: number): string {
  if (ms !== newest.ms) newest = { ms, text: new Date(ms).toISOString() };
  return newest.text;
}

/** Most times are written more than once within their millisecond. */
let newest = { ms: NaN, text: '' };
