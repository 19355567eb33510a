/** What is wrong with a notification; stable, and explained in docs/errors.md. */
export type PushErrorCode =
  | 'ERR_A2A_PUSH_UNSIGNED'
  | 'ERR_A2A_PUSH_MALFORMED'
  | 'ERR_A2A_PUSH_ALGORITHM'
  | 'ERR_A2A_PUSH_KEY'
  | 'ERR_A2A_PUSH_KEYS_UNREACHABLE'
  | 'ERR_A2A_PUSH_SIGNATURE'
  | 'ERR_A2A_PUSH_BODY'
  | 'ERR_A2A_PUSH_AUDIENCE'
  | 'ERR_A2A_PUSH_ID'
  | 'ERR_A2A_PUSH_TOO_OLD'
  | 'ERR_A2A_PUSH_TOO_NEW'
  | 'ERR_A2A_PUSH_REPLAYED'
  | 'ERR_A2A_PUSH_MEMORY_FULL'
  | 'ERR_A2A_PUSH_RAW_BODY';

/**
 * A notification that must not be believed. `status` is what to answer the sender with: 401, 503 where it may be as good
 * as any but can not be checked now, and 500 where the receiver itself is set up wrongly.
 */
export class PushError extends Error {
  override readonly name = 'PushError';
  readonly code: PushErrorCode;
  readonly status: number;

  constructor(
    code: PushErrorCode,
    message: string,
    options: ErrorOptions & { readonly status?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status ?? 401;
  }
}
