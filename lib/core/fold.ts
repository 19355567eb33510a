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
  // a status of its own, as a snapshot freezes it; assigned, as a spread gives each task a hidden class of its own
  if ('kind' in start) return new TaskFold(start.task, statusOf(start.task.status, start.ts));
  return new TaskFold(start, Object.assign({}, start.status));
}

// a class, as every task that is stored has one
class TaskFold implements Fold {
  readonly #id: TaskId;
  readonly #contextId: string;
  #status: StoredTask['status'];
  /** That of the start, until there is more. */
  #history: readonly Message[] | undefined;
  #longer: Message[] | undefined;
  #artifacts: Artifacts | undefined;
  #metadata: Metadata | undefined;
  #cached: StoredTask | undefined;

  constructor({ id, contextId, history, artifacts, metadata }: StoredTask, status: StoredTask['status']) {
    this.#id = id;
    this.#contextId = contextId;
    this.#status = status;
    this.#history = history;
    this.#artifacts = artifacts === undefined ? undefined : new Artifacts(artifacts);
    this.#merge(metadata);
  }

  apply(entry: LogEntry): void {
    switch (entry.kind) {
      case 'input':
        this.#cached = undefined;
        this.#keepStatusMessage();
        this.#status = { state: this.#status.state, timestamp: this.#status.timestamp };
        this.#remember(entry.message);
        return;
      case 'status':
        this.#cached = undefined;
        this.#keepStatusMessage();
        this.#status = statusOf(entry, entry.ts);
        this.#merge(entry.metadata);
        return;
      case 'artifact':
        this.#cached = undefined;
        if (this.#artifacts === undefined) this.#artifacts = new Artifacts([entry.artifact]);
        else this.#artifacts.apply(entry);
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
    if (this.#status.message !== undefined) this.#remember(this.#status.message);
  }

  #remember(message: Message): void {
    this.#longer ??= [...(this.#history ?? [])];
    this.#longer.push(message);
  }

  #merge(metadata: Metadata | undefined): void {
    if (metadata !== undefined) this.#metadata = mergeInto(this.#metadata ?? {}, metadata);
  }

  #whole(): StoredTask {
    const id = this.#id;
    const contextId = this.#contextId;
    const status = Object.freeze(this.#status);
    const artifacts = this.#artifacts?.list();
    const history = this.#longer === undefined ? frozenStart(this.#history) : frozenList(this.#longer);
    const metadata = this.#metadata;
    const hasMetadata = metadata !== undefined && Object.keys(metadata).length > 0;
    // most tasks; flat, as an object that is extended takes half as much again
    if (artifacts !== undefined && history !== undefined && !hasMetadata)
      return Object.freeze({ id, contextId, status, artifacts, history });
    const task: StoredTask = { id, contextId, status };
    if (artifacts !== undefined) task.artifacts = artifacts;
    if (history !== undefined) task.history = history;
    if (hasMetadata) task.metadata = Object.freeze({ ...metadata });
    return Object.freeze(task);
  }
}

/** What the fold began with is shared where nobody can change it. */
function frozenStart(history: readonly Message[] = []): Message[] | undefined {
  if (history.length === 0) return undefined;
  // a frozen list stays as it is, whatever its type allows
  return Object.isFrozen(history) ? (history as Message[]) : frozenList(history);
}

function statusOf(
  { state, message }: Pick<StatusBody, 'state' | 'message'>,
  ts: number,
): StoredTask['status'] {
  const timestamp = isoTime(ts);
  return message === undefined ? { state, timestamp } : { state, message, timestamp };
}

/** Among so few artifacts looking is faster than an index. */
const FEW_ARTIFACTS = 8;

/** The artifacts of a fold, found by their ids. One that was never extended is shared with the entry that brought it. */
class Artifacts {
  readonly #list: Artifact[];
  /** Those that were extended: copies that nobody else has. */
  #own: Set<Artifact> | undefined;
  #places: Map<string, number> | undefined;

  constructor(start: readonly Artifact[]) {
    this.#list = [...start];
    this.#index();
  }

  apply({ artifact, append, join }: ArtifactBody): void {
    const place = this.#placeOf(artifact.artifactId);
    const known = this.#list[place];
    if (known === undefined) {
      this.#list.push(artifact);
      this.#index();
    } else if (append) {
      const own = this.#owned(known, place);
      extendArtifact(own, artifact, join === true ? joinText(own.parts, artifact.parts) : undefined);
    } else {
      this.#own?.delete(known);
      this.#list[place] = artifact;
    }
  }

  /** Undefined where there are none. */
  list(): Artifact[] | undefined {
    const list = this.#list;
    const own = this.#own;
    if (list.length === 0) return undefined;
    if (own === undefined) return frozenList(list);
    return frozenList(list.map((artifact) => (own.has(artifact) ? frozenArtifact(artifact) : artifact)));
  }

  #owned(artifact: Artifact, place: number): Artifact {
    this.#own ??= new Set();
    if (this.#own.has(artifact)) return artifact;
    const copy = ownArtifact(artifact);
    this.#own.add(copy);
    this.#list[place] = copy;
    return copy;
  }

  /** Keeps the index up to date, once there is need of one. */
  #index(): void {
    const last = this.#list.length - 1;
    if (last < FEW_ARTIFACTS) return;
    this.#places ??= new Map(this.#list.map(({ artifactId }, place) => [artifactId, place]));
    this.#places.set(this.#list[last]?.artifactId ?? '', last);
  }

  /** Past the end for one that is not here. */
  #placeOf(id: string): number {
    if (this.#places !== undefined) return this.#places.get(id) ?? this.#list.length;
    let place = 0;
    while (place < this.#list.length && this.#list[place]?.artifactId !== id) place += 1;
    return place;
  }
}

/** All in it is a copy: an entry, or a task, that the fold began with may be somebody else's. */
function frozenArtifact(artifact: Artifact): Artifact {
  const copy = { ...artifact, parts: frozenList(artifact.parts) };
  const { extensions, metadata } = copy;
  if (extensions !== undefined) copy.extensions = frozenList(extensions);
  if (metadata !== undefined) copy.metadata = Object.freeze({ ...metadata });
  return Object.freeze(copy);
}

/** Joins the first of the added parts to the last part there, in place, where both are plain text. Gives what is left to push. */
function joinText(parts: Part[], added: Part[]): Part[] {
  const first = added[0];
  const last = parts.at(-1);
  if (first === undefined || !isPlainText(first)) return added;
  if (first.text === '' && parts.length > 0) return added.slice(1);
  if (last === undefined || !isPlainText(last)) return added;
  // a new object each time, since a snapshot may hold the old one; the text itself is not copied by adding to it
  parts[parts.length - 1] = Object.freeze({ text: last.text + first.text });
  return added.slice(1);
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
  const copy = list.slice();
  Object.freeze(copy);
  return copy;
}

/** The fold of a whole log, from its `open` entry on. */
export function foldFrom(entries: readonly LogEntry[]): Fold {
  const [open, ...others] = entries;
  if (open?.kind !== 'open') throw new TypeError('A log begins with its open entry');
  const fold = createFold(open);
  for (const entry of others) fold.apply(entry);
  return fold;
}

/** The task that a whole log amounts to. */
export function foldLog(entries: readonly LogEntry[]): StoredTask {
  return foldFrom(entries).snapshot();
}

/** What a client sees of an entry; undefined for entries that are nobody's business but the server's. */
export function entryEvent(taskId: TaskId, contextId: string, entry: LogEntry): StreamResponse | undefined {
  switch (entry.kind) {
    case 'status': {
      const { metadata } = entry;
      const status = statusOf(entry, entry.ts);
      if (metadata !== undefined) return { statusUpdate: { taskId, contextId, status, metadata } };
      return { statusUpdate: { taskId, contextId, status } };
    }
    case 'artifact': {
      const { artifact, append, lastChunk, metadata } = entry;
      if (metadata !== undefined)
        return { artifactUpdate: { taskId, contextId, artifact, append, lastChunk, metadata } };
      return { artifactUpdate: { taskId, contextId, artifact, append, lastChunk } };
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
