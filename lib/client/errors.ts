/** The agent could not be reached, or the connection broke while a call was waiting for its answer. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code = 'ERR_A2A_CONNECTION';
  readonly url: string | undefined;
  /** False when nothing of the request can have reached the agent, so that another address is safe to try. */
  readonly mayHaveArrived: boolean;

  constructor(url: string | undefined, message: string, mayHaveArrived: boolean, cause: unknown) {
    super(url === undefined ? message : `${message} (${url})`, { cause });
    this.url = url;
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** A phase of a call: the card, the head of an answer, the whole of an answer, the silence within a stream. */
export type Phase = 'card' | 'head' | 'answer' | 'idle';

/** A phase of a call took longer than `timeouts` allows. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'ERR_A2A_TIMEOUT';
  readonly phase: Phase;
  readonly url: string;

  constructor(phase: Phase, limitMs: number, url: string) {
    super(`No ${WAITED_FOR[phase]} within ${limitMs} ms (${url})`);
    this.phase = phase;
    this.url = url;
  }
}

const WAITED_FOR: Readonly<Record<Phase, string>> = {
  card: 'card',
  head: 'answer',
  answer: 'complete answer',
  idle: 'sign of life in the stream',
};

/** What is wrong with an answer. `status`: a status of HTTP that no A2A error came with. */
export type ResponseFault =
  'status' | 'not-json' | 'not-json-rpc' | 'not-a-stream' | 'empty' | 'cut' | 'too-large' | 'redirect';

/** What the agent answered with is not A2A: a page of a proxy, nothing at all, half of an answer. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly code = 'ERR_A2A_RESPONSE';
  readonly fault: ResponseFault;
  readonly url: string;
  /** The HTTP status; 0 where a browser hides it. */
  readonly status: number;
  readonly contentType: string;
  /** The first characters of the body. */
  readonly start: string;
  /** Seconds after which the server asked to be called again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(fault: ResponseFault, why: string, response: Response, start: string, cause?: unknown) {
    const contentType = response.headers.get('content-type') ?? '';
    const shown = start === '' ? '' : `: ${JSON.stringify(start)}`;
    super(`${why} (HTTP ${response.status}, ${contentType || 'no content type'}, ${response.url})${shown}`, {
      cause,
    });
    this.fault = fault;
    this.url = response.url;
    this.status = response.status;
    this.contentType = contentType;
    this.start = start;
    const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
    this.retryAfterSeconds = Number.isNaN(seconds) ? undefined : seconds;
  }
}

/** A message was sent and its answer was lost: the agent may or may not be at work. Safe to repeat only with an `idempotencyKey`. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  readonly code = 'ERR_A2A_OUTCOME_UNKNOWN';

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `The connection was lost before the agent answered, so whether it took the message is unknown: ${why}. ` +
        'Look with listTasks, or send with an idempotencyKey, which makes it safe to repeat.',
      { cause },
    );
  }
}

/** A stream broke, and going on with it failed for as long as `resume` allows. The task itself goes on. */
export class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError';
  readonly code = 'ERR_A2A_STREAM_BROKEN';
  readonly taskId: string;
  /** Where the stream stood, where the agent says. */
  readonly cursor: string | undefined;

  constructor(taskId: string, cursor: string | undefined, attempts: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`The stream of task ${taskId} broke, and ${attempts} attempts to go on failed: ${why}`, { cause });
    this.taskId = taskId;
    this.cursor = cursor;
  }
}

/** There is no card, it is none, or its signature is not good. */
export class CardError extends Error {
  override readonly name = 'CardError';
  readonly code = 'ERR_A2A_CARD';
}

/** None of the interfaces of the card can be spoken to. */
export class NoInterfaceError extends Error {
  override readonly name = 'NoInterfaceError';
  readonly code = 'ERR_A2A_NO_INTERFACE';
}

/** What the client throws besides A2AError; `switch (error.code)` tells them apart. */
export type ClientError =
  | ConnectionError
  | TimeoutError
  | ResponseError
  | OutcomeUnknownError
  | StreamBrokenError
  | CardError
  | NoInterfaceError;

const CODES: ReadonlySet<unknown> = new Set<ClientError['code']>([
  'ERR_A2A_CONNECTION',
  'ERR_A2A_TIMEOUT',
  'ERR_A2A_RESPONSE',
  'ERR_A2A_OUTCOME_UNKNOWN',
  'ERR_A2A_STREAM_BROKEN',
  'ERR_A2A_CARD',
  'ERR_A2A_NO_INTERFACE',
]);

/** Whether a value is an error of the client itself, of this or another copy of the package. */
export function isClientError(value: unknown): value is ClientError {
  return value instanceof Error && 'code' in value && CODES.has(value.code);
}
