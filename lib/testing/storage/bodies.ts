import type { Message, Part } from '../../protocol/v1.ts';
import type { ArtifactBody, EntryBody, Scope, StatusBody } from '../../core/log.ts';

/** The client that the cases speak for, unless they are about others. */
export const ANN: Scope = { agent: 'suite', tenant: '', owner: 'ann' };

type ShortState = StatusBody['state'] extends `TASK_STATE_${infer Short}` ? Short : never;

/** A status entry. */
export function status(state: ShortState, more: Partial<StatusBody> = {}): StatusBody {
  return { kind: 'status', state: `TASK_STATE_${state}`, ...more };
}

/** The end of a run that waits for the client, having seen everything up to `upTo`. */
export function pause(upTo: number, timeoutMs?: number, state: ShortState = 'INPUT_REQUIRED'): StatusBody {
  return status(state, { upTo, pause: timeoutMs === undefined ? {} : { timeoutMs } });
}

/** An artifact entry with one part of text. */
export function artifact(artifactId: string, text: string, more: Partial<ArtifactBody> = {}): ArtifactBody {
  return {
    kind: 'artifact',
    artifact: { artifactId, parts: [{ text }] },
    append: false,
    lastChunk: false,
    ...more,
  };
}

/** A chunk of text that goes on with an artifact. */
export function chunk(artifactId: string, text: string): ArtifactBody {
  return artifact(artifactId, text, { append: true, join: true });
}

/** The entry of a run that begins. */
export function start(attempt = 1): EntryBody {
  return { kind: 'start', attempt, worker: 'suite' };
}

/** A message of the client. */
export function said(messageId: string, text = messageId, more: Partial<Message> = {}): Message {
  const parts: Part[] = [{ text }];
  return { messageId, role: 'ROLE_USER', parts, ...more };
}

/** A message of the agent. */
export function reply(messageId: string, text = messageId): Message {
  return { messageId, role: 'ROLE_AGENT', parts: [{ text }] };
}
