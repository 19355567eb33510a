import { UnavailableError } from '../protocol/errors.ts';
import { isInterrupted } from '../protocol/states.ts';
import { CursorTrimmed } from './feed.ts';
import { isClosing } from './fold.ts';
import type { LogEntry, Seq } from './log.ts';

/** Whether a blocking send that wrote `own` is answered by this entry: by an end, or a pause that had seen it (§3.2.2). */
export function answersSend(entry: LogEntry, own: Seq): boolean {
  return (
    isClosing(entry) || (entry.kind === 'status' && isInterrupted(entry.state) && (entry.upTo ?? 0) >= own)
  );
}

/**
 * Whether the stream of a send that wrote `own` ends with this entry (§11.7). AUTH_REQUIRED leaves it open: the run may
 * go on by itself (§7.6.1). A subscription ends with a closing entry only (§3.1.6), which is `own = Infinity` here.
 */
export function endsStream(entry: LogEntry, own: Seq): boolean {
  return isClosing(entry) || (answersSend(entry, own) && !isAuthRequired(entry));
}

/** What a stream fails with: a reader whose place in the log is gone begins anew, which is nobody's fault but its own. */
export function streamFailure(error: unknown): unknown {
  if (!(error instanceof CursorTrimmed)) return error;
  return new UnavailableError('This reader fell too far behind; subscribe again', 1);
}

function isAuthRequired(entry: LogEntry): boolean {
  return entry.kind === 'status' && entry.state === 'TASK_STATE_AUTH_REQUIRED';
}
