/** What is wrong with the configuration; stable, to be tested for and looked up in docs/errors.md. */
export type ConfigErrorCode =
  | 'ERR_A2A_OPTIONS'
  | 'ERR_A2A_OPTION_UNKNOWN'
  | 'ERR_A2A_OPTION_CONFLICT'
  | 'ERR_A2A_BODY_READ'
  | 'ERR_A2A_CARD'
  | 'ERR_A2A_BACKEND'
  | 'ERR_A2A_EXPOSE_ERRORS'
  | 'ERR_A2A_NO_WORKER'
  | 'ERR_A2A_OWNER'
  | 'ERR_A2A_CALLER'
  | 'ERR_A2A_DUPLICATE_AGENT'
  | 'ERR_A2A_SIGN_CARD'
  | 'ERR_A2A_REDIS_EVICTION'
  | 'ERR_A2A_SIGN_PUSH';

/** The package is used in a way that can not work. The message says what to write instead. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
