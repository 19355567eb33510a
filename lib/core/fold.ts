import { extendArtifact, mergeInto, ownArtifact } from '../protocol/reduce.ts';
import { isTerminal } from '../protocol/states.ts';
import type { Artifact, Part, StreamResponse } from '../protocol/v1.ts';
import type { ArtifactBody, EntryBody, LogEntry, Metadata, StatusBody, StoredTask, TaskId } from './log.ts';

/** The first entry of a log. */
export type OpenEntry = Extract<LogEntry, { kind: 'open' }>;

/** A task that is being built out of its log. */
export interface Fold {
  /** Takes the next entry. What it costs does not depend on the size of the task. */
  readonly apply: (entry: LogEntry) => void;
  /** The task as of the last entry. Its lists are copies, frozen, and shared by all who ask before the next entry. */
  readonly snapshot: (shape?: TaskShape) => StoredTask;
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
  const { id, contextId, ...begun } = 'kind' in start ? openedTask(start) : start;
  let status = { ...begun.status };
  const history = [...(begun.history ?? [])];
  const artifacts = createArtifacts(begun.artifacts ?? []);
  const metadata = mergeInto({}, begun.metadata ?? {});
  let cached: StoredTask | undefined;

  function apply(entry: LogEntry): void {
    switch (entry.kind) {
      case 'input':
        cached = undefined;
        if (status.message !== undefined) history.push(status.message);
        status = { state: status.state, timestamp: status.timestamp };
        history.push(entry.message);
        return;
      case 'status':
        cached = undefined;
        if (status.message !== undefined) history.push(status.message);
        status = statusOf(entry, entry.ts);
        if (entry.metadata !== undefined) mergeInto(metadata, entry.metadata);
        return;
      case 'artifact':
        cached = undefined;
        artifacts.apply(entry);
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

  function whole(): StoredTask {
    return Object.freeze({
      id,
      contextId,
      status: Object.freeze(status),
      ...(!artifacts.isEmpty() && { artifacts: artifacts.list() }),
      ...(history.length > 0 && { history: frozenList(history) }),
      ...(Object.keys(metadata).length > 0 && { metadata: Object.freeze({ ...metadata }) }),
    });
  }

  return {
    apply,
    snapshot(shape) {
      cached ??= whole();
      return shape === undefined ? cached : withShape(cached, shape);
    },
  };
}

function openedTask({ task, ts }: OpenEntry): StoredTask {
  return { ...task, status: { ...task.status, timestamp: isoTime(ts) } };
}

function statusOf({ state, message }: StatusBody, ts: number): StoredTask['status'] {
  return { state, ...(message !== undefined && { message }), timestamp: isoTime(ts) };
}

interface Artifacts {
  readonly apply: (body: ArtifactBody) => void;
  readonly isEmpty: () => boolean;
  readonly list: () => Artifact[];
}

/** The artifacts of a fold, found by their ids. One that was never extended is shared with the entry that brought it. */
function createArtifacts(start: readonly Artifact[]): Artifacts {
  const slots: { artifact: Artifact; owned: boolean }[] = start.map((artifact) => ({
    artifact,
    owned: false,
  }));
  const byId = new Map(slots.map((slot) => [slot.artifact.artifactId, slot]));

  return {
    apply({ artifact, append, join }) {
      const slot = byId.get(artifact.artifactId);
      if (slot === undefined) {
        const added = { artifact, owned: false };
        slots.push(added);
        byId.set(artifact.artifactId, added);
      } else if (append) {
        if (!slot.owned) slot.artifact = ownArtifact(slot.artifact);
        slot.owned = true;
        extendArtifact(
          slot.artifact,
          artifact,
          join === true ? joinText(slot.artifact.parts, artifact.parts) : undefined,
        );
      } else {
        slot.artifact = artifact;
        slot.owned = false;
      }
    },
    isEmpty: () => slots.length === 0,
    list: () =>
      frozenList(
        slots.map(({ artifact, owned }) =>
          owned ? Object.freeze({ ...artifact, parts: frozenList(artifact.parts) }) : artifact,
        ),
      ),
  };
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
  return new Date(ms).toISOString();
}
