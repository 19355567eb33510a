import type { Task } from '../protocol/v1.ts';
import type { PushRegistration } from '../core/push-storage.ts';
import type { Notification } from './outbox.ts';
import type { SignPush } from './sign.ts';

/** A notification as it goes over the wire. */
export interface PushMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How notifications are written. */
export interface MessageOptions {
  /** Writes a task as 0.3 does. */
  readonly writeOlder: (task: Task) => unknown;
  readonly sign?: SignPush;
}

/**
 * Writes a notification (§4.3.3): a StreamResponse, or for a webhook of 0.3 the Task. Its id, the task and the number of the entry, is
 * the same each time it is sent, so that receivers know what they had.
 */
export async function writeMessage(
  { config, dialect, traceparent }: PushRegistration,
  { seq, event }: Notification,
  { writeOlder, sign }: MessageOptions,
): Promise<PushMessage> {
  const { url, token, authentication } = config;
  const id = `${config.taskId}/${String(seq)}`;
  const isOlder = dialect === '0.3' && event.task !== undefined;
  const body = JSON.stringify(isOlder ? writeOlder(event.task) : event);
  const { scheme = '', credentials = '' } = authentication ?? {};
  return {
    url,
    headers: {
      'Content-Type': isOlder ? 'application/json' : 'application/a2a+json',
      ...(credentials !== '' && { Authorization: `${scheme} ${credentials}` }),
      ...(token !== undefined && { 'X-A2A-Notification-Token': token }),
      'A2A-Notification-Id': id,
      ...(traceparent !== undefined && { traceparent }),
      ...(sign && (await sign({ url, body, id }))),
    },
    body,
  };
}
