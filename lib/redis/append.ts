import type { EntryBody } from '../core/log.ts';
import type { Lease, WriteResult } from '../core/storage.ts';
import { escapeText } from './keys.ts';
import { APPEND } from './scripts/append.ts';
import type { StorageParts } from './storage.ts';
import { appendedText, boundText, encode, workingText } from './wire.ts';
import { write } from './write-result.ts';

/** `Storage.append` in one step. */
export async function append(
  parts: StorageParts,
  lease: Lease,
  producerSeq: number,
  entries: readonly EntryBody[],
): Promise<WriteResult> {
  // before the first await: the caller may change what it passed in
  const bodies = entries.map(encode);
  const args = entries.flatMap((entry, i) => appendedText(entry, bodies[i] ?? ''));
  const { taskId, id } = lease;
  const { commands, keys, homes, settings } = parts;
  const { taskBytes, logEntries } = settings.limits;
  const home = await homes.find(taskId);
  if (home === undefined) return { ok: false, reason: 'not-found' };
  return write(parts, taskId, [...bodies, workingText], () =>
    commands.run(
      APPEND,
      keys.ofWrite(taskId, home),
      ...[escapeText(taskId), id, producerSeq, taskBytes, workingText],
      ...[boundText(settings.retention.finishedMs), logEntries, ...args],
    ),
  );
}
