import {
  A2AError,
  ContentTypeNotSupportedError,
  type ErrorDetail,
  ExtendedAgentCardNotConfiguredError,
  ExtensionSupportRequiredError,
  type FieldViolation,
  InternalError,
  InvalidAgentResponseError,
  InvalidParamsError,
  InvalidRequestError,
  MethodNotFoundError,
  ParseError,
  PushNotificationNotSupportedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnauthenticatedError,
  UnsupportedOperationError,
  VersionNotSupportedError,
} from '../protocol/errors.ts';
import { isObject } from '../protocol/protojson.ts';

/** The error object of a JSON-RPC answer, read as far as one can rely on it. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

/** Reads the error object; undefined where it is none. `data` in another form than A2A 1.0 has is kept as one detail. */
export function readWireError(error: unknown): WireError | undefined {
  if (!isObject(error) || typeof error['code'] !== 'number') return undefined;
  const { code, message, data } = error;
  return {
    code,
    message: typeof message === 'string' && message !== '' ? message : `Error ${code}`,
    details: readDetails(data),
  };
}

function readDetails(data: unknown): readonly ErrorDetail[] {
  if (data === undefined || data === null) return [];
  if (Array.isArray(data) && data.every(isDetail)) return data;
  return [{ '@type': 'unknown', data }];
}

function isDetail(value: unknown): value is ErrorDetail {
  return isObject(value) && typeof value['@type'] === 'string';
}

/** The error that the agent meant, of the class that its server threw where this package is on both ends (§5.4). */
export function toA2AError({ code, message, details }: WireError, response: Response): A2AError {
  const error = KNOWN[code]?.(details) ?? otherError(code, details, response);
  return Object.assign(error, { message, details, headers: headersOf(response) });
}

const KNOWN: Readonly<Record<number, (details: readonly ErrorDetail[]) => A2AError>> = {
  [-32001]: () => new TaskNotFoundError(''),
  [-32002]: () => new TaskNotCancelableError(''),
  [-32003]: () => new PushNotificationNotSupportedError(),
  [-32004]: () => new UnsupportedOperationError(''),
  [-32005]: () => new ContentTypeNotSupportedError(''),
  [-32006]: () => new InvalidAgentResponseError(''),
  [-32007]: () => new ExtendedAgentCardNotConfiguredError(),
  [-32008]: () => new ExtensionSupportRequiredError([]),
  [-32009]: () => new VersionNotSupportedError('', []),
  [-32600]: () => new InvalidRequestError(''),
  [-32601]: () => new MethodNotFoundError(''),
  [-32602]: (details) => new InvalidParamsError(violationsIn(details)),
  [-32603]: () => new InternalError(''),
  [-32700]: () => new ParseError(''),
};

function otherError(code: number, details: readonly ErrorDetail[], response: Response): A2AError {
  if (code === -32000 && response.status === 401) return new UnauthenticatedError([]);
  const reason = details.map((detail) => detail['reason']).find((each) => typeof each === 'string');
  return new A2AError(
    {
      code,
      httpStatus: response.status,
      status: STATUS[response.status] ?? 'UNKNOWN',
      ...(reason !== undefined && { reason }),
    },
    '',
  );
}

const STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  413: 'RESOURCE_EXHAUSTED',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

function violationsIn(details: readonly ErrorDetail[]): readonly FieldViolation[] {
  return details.flatMap(({ fieldViolations }) =>
    Array.isArray(fieldViolations) ? fieldViolations.filter(isViolation) : [],
  );
}

function isViolation(value: unknown): value is FieldViolation {
  return isObject(value) && typeof value['field'] === 'string' && typeof value['description'] === 'string';
}

/** Of the response headers those that say what to do about an error. */
function headersOf({ headers }: Response): Record<string, string> {
  const kept = ['WWW-Authenticate', 'Retry-After'];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
