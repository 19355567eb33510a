import type { EntryBody, LogEntry, Seq } from '../core/log.ts';
import type { Artifact, Part } from '../protocol/v1.ts';
import { frozenCopy, jsonBytes } from './frozen-copy.ts';

/** An entry that waits for its place in the log. All that is in it is frozen and nobody else's; the entry itself is not frozen yet. */
export interface EntryDraft {
  readonly entry: LogEntry & Place;
  readonly bytes: number;
}

interface Place {
  seq: Seq;
  ts: number;
  epoch: number;
}

/** Copies a body into the entry that it will be. */
export function draftEntry(body: EntryBody, ts: number): EntryDraft {
  const entry = copyBody(body, ts);
  return { entry, bytes: jsonBytes(entry) };
}

/** Gives an entry its place. From then on it does not change. */
export function placeEntry({ entry }: EntryDraft, seq: Seq, ts: number, epoch: number): LogEntry {
  entry.seq = seq;
  entry.ts = ts;
  entry.epoch = epoch;
  return Object.freeze(entry);
}

/** The most frequent bodies as flat literals: an object that is extended takes half as much again. */
function copyBody(body: EntryBody, ts: number): LogEntry & Place {
  switch (body.kind) {
    case 'open': {
      if (!hasFields(body, 4)) break;
      const { kind, answers } = body;
      const task = frozenCopy(body.task);
      const request = frozenCopy(body.request);
      return { kind, task, request, answers, v: 1, seq: 0, ts, epoch: 0 };
    }
    case 'start': {
      if (!hasFields(body, 3)) break;
      const { kind, attempt, worker } = body;
      return { kind, attempt, worker, v: 1, seq: 0, ts, epoch: 0 };
    }
    case 'status': {
      if (!hasFields(body, 2)) break;
      const { kind, state } = body;
      return { kind, state, v: 1, seq: 0, ts, epoch: 0 };
    }
    case 'artifact': {
      const { kind, append, lastChunk, join } = body;
      if (!hasFields(body, join === true ? 5 : 4)) break;
      const artifact = copyArtifact(body.artifact);
      return join === true
        ? { kind, artifact, append, lastChunk, join, v: 1, seq: 0, ts, epoch: 0 }
        : { kind, artifact, append, lastChunk, v: 1, seq: 0, ts, epoch: 0 };
    }
    default:
  }
  return { ...frozenCopy(body), v: 1, seq: 0, ts, epoch: 0 };
}

/** Most outputs are one text. */
function copyArtifact(artifact: Artifact): Artifact {
  const { artifactId, parts } = artifact;
  const only = parts[0];
  if (only === undefined || parts.length > 1 || !hasFields(artifact, 2)) return frozenCopy(artifact);
  const { text } = only;
  if (typeof text !== 'string' || !hasFields(only, 1)) return frozenCopy(artifact);
  const list: Part[] = [Object.freeze({ text })];
  Object.freeze(list);
  return Object.freeze({ artifactId, parts: list });
}

/** Whether it is a plain object with as many fields as that, and so no optional ones beside those looked at. */
function hasFields(value: object, count: number): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  let left = count;
  for (const _ in value) left -= 1;
  return left === 0;
}
