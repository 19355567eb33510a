import { foldLog } from '../../core/fold.ts';
import type { LogEntry } from '../../core/log.ts';
import type { Message, Part } from '../../protocol/v1.ts';

/** A log in few words, one line an entry: `WORKING on it`, `artifact 1-1: a`, `artifact 1-1 += b .` (`.` ends it). */
export function brief(entries: readonly LogEntry[]): string[] {
  return entries.map(briefEntry);
}

function briefEntry(entry: LogEntry): string {
  switch (entry.kind) {
    case 'open':
      return words('open', entry.task.history?.[0]);
    case 'start':
      return `start ${entry.attempt}`;
    case 'input':
    case 'message':
      return words(entry.kind, entry.message);
    case 'resume':
    case 'cancel':
      return entry.kind;
    case 'status':
      return words(entry.state.replace('TASK_STATE_', ''), entry.message);
    case 'artifact': {
      const { artifactId, parts } = entry.artifact;
      return `artifact ${artifactId} ${entry.append ? '+=' : '='} ${partsText(parts)}${entry.lastChunk ? ' .' : ''}`;
    }
  }
}

function words(what: string, message: Message | undefined): string {
  return message === undefined ? what : `${what} ${partsText(message.parts)}`;
}

function partsText(parts: readonly Part[]): string {
  return parts.map(({ text, data, raw, url }) => text ?? raw ?? url ?? JSON.stringify(data)).join('|');
}

/** The artifacts of a log, each as its id and its parts in few words. */
export function briefArtifacts(entries: readonly LogEntry[]): Record<string, string> {
  const { artifacts = [] } = foldLog(entries);
  return Object.fromEntries(artifacts.map(({ artifactId, parts }) => [artifactId, partsText(parts)]));
}
