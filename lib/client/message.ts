import type { Message, Part, SendMessageRequest } from '../protocol/v1.ts';
import type { CallOptions } from './options.ts';

/** What to send: a text, parts, or the whole parameters of SendMessage. */
export type Content = string | Part | readonly Part[] | SendMessageRequest;

/** Options of `send` and `stream`. */
export interface SendOptions
  extends CallOptions, Partial<Pick<Message, 'contextId' | 'taskId' | 'messageId' | 'referenceTaskIds'>> {
  /** Metadata of the request. */
  readonly metadata?: SendMessageRequest['metadata'];
  readonly configuration?: SendMessageRequest['configuration'];
  /** Sent as Idempotency-Key: a server that knows it takes the message once, so that it may be sent again. */
  readonly idempotencyKey?: string;
}

/** The parameters of SendMessage for what the caller wants to say. */
export function toRequest(content: Content, options: SendOptions): SendMessageRequest {
  if (typeof content === 'object' && 'message' in content) return content;
  const { contextId, taskId, messageId = freshId(), referenceTaskIds, metadata, configuration } = options;
  return {
    message: {
      ...{ messageId, role: 'ROLE_USER', parts: partsOf(content) },
      ...(contextId !== undefined && { contextId }),
      ...(taskId !== undefined && { taskId }),
      ...(referenceTaskIds !== undefined && { referenceTaskIds }),
    },
    ...(metadata !== undefined && { metadata }),
    ...(configuration !== undefined && { configuration }),
  };
}

function partsOf(content: string | Part | readonly Part[]): Part[] {
  if (typeof content === 'string') return [{ text: content }];
  return Array.isArray(content) ? [...(content as readonly Part[])] : [content as Part]; // a list or one of them
}

/** crypto.randomUUID is missing on pages that did not come over https. */
function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
