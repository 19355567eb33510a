import type { TaskId } from '../core/log.ts';
import type { Refusal, WriteResult } from '../core/storage.ts';
import { isTerminal } from '../protocol/states.ts';
import type { TaskState } from '../protocol/v1.ts';
import type { StorageParts } from './storage.ts';
import { decodeBody, list, number, oneOf } from './wire.ts';

const REFUSALS: readonly Refusal[] = [
  'not-found',
  'closed',
  'fenced',
  'gap',
  'too-large',
  'cancelling',
  'not-waiting',
  'busy',
  'key-reused',
  'push-full',
];

/**
 * Runs a write script. One that finds the task too large is run once more after a checkpoint: what artifacts have replaced
 * since the last one does not count.
 */
export async function write(
  { checkpoints }: Pick<StorageParts, 'checkpoints'>,
  taskId: TaskId,
  bodies: readonly string[],
  run: () => Promise<unknown>,
): Promise<WriteResult> {
  let reply = list(await run());
  if (reply[0] === 'too-large' && reply[2] !== 0) {
    await checkpoints.bring(taskId);
    reply = list(await run());
  }
  if (reply[0] === 'ok' && reply[8] === 1) checkpoints.request(taskId);
  return resultOf(reply, bodies);
}

function resultOf(reply: readonly unknown[], bodies: readonly string[]): WriteResult {
  const [code, ...rest] = reply;
  if (code !== 'ok' && code !== 'duplicate') {
    // a header's state is one that was written
    const state = rest[0] as TaskState | undefined;
    const reason = oneOf(REFUSALS, code);
    // a bare message has ended the task in no state
    const hasState = state !== undefined && (reason !== 'closed' || isTerminal(state));
    return { ok: false, reason, ...(hasState && { state }) };
  }
  const [seq = 0, closed, more, first = 0, head = 0, ts = 0, epoch = 0] = rest.map(number);
  const result = { ok: true, seq, closed: closed === 1, ...(more === 1 && { more: true }) } as const;
  if (code === 'duplicate') return { ...result, entries: [], duplicate: true };
  const written = bodies.slice(0, head - first + 1);
  return { ...result, entries: written.map((body, i) => decodeBody(body, first + i, ts, epoch)) };
}
