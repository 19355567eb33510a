/** An entry of google.rpc.BadRequest: a path below params such as `message.parts[0].text`, and what is wrong there. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** An entry of `error.data` (§9.5) or `error.details` (§11.6), told apart by its `@type`. */
export type ErrorDetail = { readonly '@type': string } & Readonly<Record<string, unknown>>;

interface Kind {
  readonly code: number;
  readonly httpStatus: number;
  /** The google.rpc code name that REST answers with (§11.6). */
  readonly status: string;
  readonly reason?: string;
  readonly domain?: 'a2a-protocol.org' | 'express-a2a';
}

/**
 * What a client may learn about a failed call: a JSON-RPC code, its HTTP status in the REST binding, and details (§5.4).
 *
 * Across copies of the package use `isA2AError`, not `instanceof`.
 */
export class A2AError extends Error {
  readonly code: number;
  readonly httpStatus: number;
  readonly status: string;
  /** UPPER_SNAKE name of the error, where the protocol gives it one. */
  readonly reason: string | undefined;
  readonly details: readonly ErrorDetail[];
  /** Response headers that go with the error, such as WWW-Authenticate. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;

  constructor(
    kind: Kind,
    message: string,
    more: {
      metadata?: Readonly<Record<string, string>>;
      details?: readonly ErrorDetail[];
      headers?: A2AError['headers'];
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = new.target.name;
    this.code = kind.code;
    this.httpStatus = kind.httpStatus;
    this.status = kind.status;
    this.reason = kind.reason;
    this.details = [...errorInfo(kind, more.metadata), ...(more.details ?? [])];
    this.headers = more.headers ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
}

const BRAND = Symbol.for('express-a2a.error');

/** Whether a value is an A2AError, of this or another copy of the package. */
export function isA2AError(value: unknown): value is A2AError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

function errorInfo(kind: Kind, metadata: Readonly<Record<string, string>> = {}): ErrorDetail[] {
  if (kind.reason === undefined) return [];
  return [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: kind.reason,
      domain: kind.domain ?? 'a2a-protocol.org',
      ...(Object.keys(metadata).length > 0 && { metadata }),
    },
  ];
}

/** The task does not exist, or not for this caller (§3.3.2). */
export class TaskNotFoundError extends A2AError {
  constructor(taskId: string) {
    super(
      { code: -32001, httpStatus: 404, status: 'NOT_FOUND', reason: 'TASK_NOT_FOUND' },
      'Task not found: check the id; a message without taskId starts another task',
      { metadata: { taskId } },
    );
  }
}

/** The task has ended already (§3.1.5). */
export class TaskNotCancelableError extends A2AError {
  constructor(message: string) {
    super(
      { code: -32002, httpStatus: 400, status: 'FAILED_PRECONDITION', reason: 'TASK_NOT_CANCELABLE' },
      message,
    );
  }
}

/** The card declares no push notifications (§3.3.4). */
export class PushNotificationNotSupportedError extends A2AError {
  constructor() {
    super(
      {
        code: -32003,
        httpStatus: 400,
        status: 'FAILED_PRECONDITION',
        reason: 'PUSH_NOTIFICATION_NOT_SUPPORTED',
      },
      'This agent does not send push notifications: follow the task with SubscribeToTask, or ask with GetTask',
    );
  }
}

/** The operation is not possible here, or not in the state of the task (§3.3.2). */
export class UnsupportedOperationError extends A2AError {
  constructor(message: string) {
    super(
      { code: -32004, httpStatus: 400, status: 'FAILED_PRECONDITION', reason: 'UNSUPPORTED_OPERATION' },
      message,
    );
  }
}

/** A media type is not taken here (§3.3.2). */
export class ContentTypeNotSupportedError extends A2AError {
  constructor(message: string) {
    super(
      { code: -32005, httpStatus: 400, status: 'INVALID_ARGUMENT', reason: 'CONTENT_TYPE_NOT_SUPPORTED' },
      message,
    );
  }
}

/** The agent answered with something the protocol has no place for (§3.3.2). */
export class InvalidAgentResponseError extends A2AError {
  constructor(message: string) {
    super({ code: -32006, httpStatus: 500, status: 'INTERNAL', reason: 'INVALID_AGENT_RESPONSE' }, message);
  }
}

/** The extended card is declared but not there (§3.1.11). */
export class ExtendedAgentCardNotConfiguredError extends A2AError {
  constructor() {
    super(
      {
        code: -32007,
        httpStatus: 400,
        status: 'FAILED_PRECONDITION',
        reason: 'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
      },
      'This agent has no extended card: its card is at .well-known/agent-card.json',
    );
  }
}

/** The client did not declare an extension that the card requires (§3.3.2). */
export class ExtensionSupportRequiredError extends A2AError {
  constructor(uris: readonly string[]) {
    super(
      { code: -32008, httpStatus: 400, status: 'FAILED_PRECONDITION', reason: 'EXTENSION_SUPPORT_REQUIRED' },
      `This agent requires the extension ${uris.join(', ')}: name it in the A2A-Extensions header`,
    );
  }
}

/** The protocol version asked for is not served (§3.6.2). */
export class VersionNotSupportedError extends A2AError {
  constructor(message: string, supportedVersions: readonly string[]) {
    super(
      { code: -32009, httpStatus: 400, status: 'FAILED_PRECONDITION', reason: 'VERSION_NOT_SUPPORTED' },
      message,
      { metadata: { supportedVersions: supportedVersions.join(', ') } },
    );
  }
}

/** Parameters that break the schema or a rule of an operation (§9.5). */
export class InvalidParamsError extends A2AError {
  readonly violations: readonly FieldViolation[];

  constructor(violations: readonly FieldViolation[]) {
    super({ code: -32602, httpStatus: 400, status: 'INVALID_ARGUMENT' }, 'Invalid parameters', {
      details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }],
    });
    this.violations = violations;
  }
}

/** The body is no JSON (§9.5). */
export class ParseError extends A2AError {
  constructor(message = 'Invalid JSON payload') {
    super({ code: -32700, httpStatus: 400, status: 'INVALID_ARGUMENT' }, message);
  }
}

/** The body is JSON, but no request (§9.5). */
export class InvalidRequestError extends A2AError {
  constructor(message: string) {
    super({ code: -32600, httpStatus: 400, status: 'INVALID_ARGUMENT' }, message);
  }
}

/** No such method (§9.5). */
export class MethodNotFoundError extends A2AError {
  constructor(message: string) {
    super({ code: -32601, httpStatus: 404, status: 'NOT_FOUND' }, message);
  }
}

/** Our own fault. The id finds the cause in the log; nothing else of it leaves the server, unless it is `exposed` to a developer. */
export class InternalError extends A2AError {
  constructor(
    message = 'Internal error',
    errorId?: string,
    exposed?: { readonly text: string; readonly details: readonly ErrorDetail[] },
  ) {
    const named = errorId === undefined ? message : `${message} (error id ${errorId})`;
    super(
      { code: -32603, httpStatus: 500, status: 'INTERNAL' },
      exposed === undefined ? named : `${named}: ${exposed.text}`,
      exposed && { details: exposed.details },
    );
  }
}

/** The caller has to authenticate first (§7.4). Each challenge is one WWW-Authenticate header. */
export class UnauthenticatedError extends A2AError {
  constructor(challenges: readonly string[]) {
    super(
      {
        code: -32000,
        httpStatus: 401,
        status: 'UNAUTHENTICATED',
        reason: 'UNAUTHENTICATED',
        domain: 'express-a2a',
      },
      'Authentication is required: the agent card tells which credentials to send',
      { headers: challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {} },
    );
  }
}

/** This caller has as much as it may have; try again after so many seconds. */
export class RateLimitedError extends A2AError {
  constructor(message: string, retryAfterSeconds: number) {
    super(
      {
        code: -32000,
        httpStatus: 429,
        status: 'RESOURCE_EXHAUSTED',
        reason: 'RATE_LIMITED',
        domain: 'express-a2a',
      },
      message,
      { headers: { 'Retry-After': String(retryAfterSeconds) } },
    );
  }
}

/** The server can not take this now; try again after so many seconds. */
export class UnavailableError extends A2AError {
  constructor(message: string, retryAfterSeconds: number, metadata?: Readonly<Record<string, string>>) {
    super(
      {
        code: -32000,
        httpStatus: 503,
        status: 'UNAVAILABLE',
        reason: 'UNAVAILABLE',
        domain: 'express-a2a',
      },
      message,
      {
        headers: { 'Retry-After': String(retryAfterSeconds) },
        ...(metadata && { metadata }),
      },
    );
  }
}
