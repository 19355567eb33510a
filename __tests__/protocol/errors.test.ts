import { describe, expect, it } from '@jest/globals';
import {
  A2AError,
  ContentTypeNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
  ExtensionSupportRequiredError,
  InternalError,
  InvalidAgentResponseError,
  InvalidParamsError,
  InvalidRequestError,
  isA2AError,
  MethodNotFoundError,
  ParseError,
  PushNotificationNotSupportedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnauthenticatedError,
  UnavailableError,
  UnsupportedOperationError,
  VersionNotSupportedError,
} from '../../lib/protocol/errors.ts';

/** The ErrorInfo of an error; of the protocol's own domain, unless it is one of ours. */
function info(reason: string, metadata?: Record<string, string>, domain = 'a2a-protocol.org'): unknown[] {
  const type = 'type.googleapis.com/google.rpc.ErrorInfo';
  return [{ '@type': type, reason, domain, ...(metadata && { metadata }) }];
}

const violation = { field: 'message.parts[0]', description: 'must be an object' };

const table: [name: string, error: A2AError, expected: object][] = [
  [
    'TaskNotFoundError',
    new TaskNotFoundError('t-1'),
    {
      code: -32001,
      httpStatus: 404,
      status: 'NOT_FOUND',
      reason: 'TASK_NOT_FOUND',
      message: 'Task not found: check the id; a message without taskId starts another task',
      details: info('TASK_NOT_FOUND', { taskId: 't-1' }),
    },
  ],
  [
    'TaskNotCancelableError',
    new TaskNotCancelableError('The task is completed'),
    {
      code: -32002,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'TASK_NOT_CANCELABLE',
      message: 'The task is completed',
      details: info('TASK_NOT_CANCELABLE'),
    },
  ],
  [
    'PushNotificationNotSupportedError',
    new PushNotificationNotSupportedError(),
    {
      code: -32003,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'PUSH_NOTIFICATION_NOT_SUPPORTED',
      message:
        'This agent does not send push notifications: follow the task with SubscribeToTask, or ask with GetTask',
      details: info('PUSH_NOTIFICATION_NOT_SUPPORTED'),
    },
  ],
  [
    'UnsupportedOperationError',
    new UnsupportedOperationError('The task has ended'),
    {
      code: -32004,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'UNSUPPORTED_OPERATION',
      message: 'The task has ended',
      details: info('UNSUPPORTED_OPERATION'),
    },
  ],
  [
    'ContentTypeNotSupportedError',
    new ContentTypeNotSupportedError('Send text'),
    {
      code: -32005,
      httpStatus: 400,
      status: 'INVALID_ARGUMENT',
      reason: 'CONTENT_TYPE_NOT_SUPPORTED',
      message: 'Send text',
      details: info('CONTENT_TYPE_NOT_SUPPORTED'),
    },
  ],
  [
    'InvalidAgentResponseError',
    new InvalidAgentResponseError('No message came'),
    {
      code: -32006,
      httpStatus: 500,
      status: 'INTERNAL',
      reason: 'INVALID_AGENT_RESPONSE',
      message: 'No message came',
      details: info('INVALID_AGENT_RESPONSE'),
    },
  ],
  [
    'ExtendedAgentCardNotConfiguredError',
    new ExtendedAgentCardNotConfiguredError(),
    {
      code: -32007,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
      message: 'This agent has no extended card: its card is at .well-known/agent-card.json',
      details: info('EXTENDED_AGENT_CARD_NOT_CONFIGURED'),
    },
  ],
  [
    'ExtensionSupportRequiredError',
    new ExtensionSupportRequiredError(['https://a.example/x', 'urn:y']),
    {
      code: -32008,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'EXTENSION_SUPPORT_REQUIRED',
      message:
        'This agent requires the extension https://a.example/x, urn:y: name it in the A2A-Extensions header',
      details: info('EXTENSION_SUPPORT_REQUIRED'),
    },
  ],
  [
    'VersionNotSupportedError',
    new VersionNotSupportedError('Send the header A2A-Version: 1.0', ['1.0', '0.3']),
    {
      code: -32009,
      httpStatus: 400,
      status: 'FAILED_PRECONDITION',
      reason: 'VERSION_NOT_SUPPORTED',
      message: 'Send the header A2A-Version: 1.0',
      details: info('VERSION_NOT_SUPPORTED', { supportedVersions: '1.0, 0.3' }),
    },
  ],
  [
    'InvalidParamsError',
    new InvalidParamsError([violation]),
    {
      code: -32602,
      httpStatus: 400,
      status: 'INVALID_ARGUMENT',
      reason: undefined,
      message: 'Invalid parameters',
      violations: [violation],
      details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] }],
    },
  ],
  [
    'ParseError',
    new ParseError(),
    {
      code: -32700,
      httpStatus: 400,
      status: 'INVALID_ARGUMENT',
      reason: undefined,
      message: 'Invalid JSON payload',
      details: [],
    },
  ],
  [
    'InvalidRequestError',
    new InvalidRequestError('Request payload validation error'),
    {
      code: -32600,
      httpStatus: 400,
      status: 'INVALID_ARGUMENT',
      reason: undefined,
      message: 'Request payload validation error',
      details: [],
    },
  ],
  [
    'MethodNotFoundError',
    new MethodNotFoundError('No such method.'),
    {
      code: -32601,
      httpStatus: 404,
      status: 'NOT_FOUND',
      reason: undefined,
      message: 'No such method.',
      details: [],
    },
  ],
  [
    'InternalError',
    new InternalError(undefined, 'e-1'),
    {
      code: -32603,
      httpStatus: 500,
      status: 'INTERNAL',
      reason: undefined,
      message: 'Internal error (error id e-1)',
      details: [],
    },
  ],
  [
    'UnauthenticatedError',
    new UnauthenticatedError(['Bearer', 'Basic realm="a"']),
    {
      code: -32000,
      httpStatus: 401,
      status: 'UNAUTHENTICATED',
      reason: 'UNAUTHENTICATED',
      message: 'Authentication is required: the agent card tells which credentials to send',
      headers: { 'WWW-Authenticate': ['Bearer', 'Basic realm="a"'] },
      details: info('UNAUTHENTICATED', undefined, 'express-a2a'),
    },
  ],
  [
    'UnavailableError',
    new UnavailableError('The server is shutting down', 5),
    {
      code: -32000,
      httpStatus: 503,
      status: 'UNAVAILABLE',
      reason: 'UNAVAILABLE',
      message: 'The server is shutting down',
      headers: { 'Retry-After': '5' },
      details: info('UNAVAILABLE', undefined, 'express-a2a'),
    },
  ],
];

describe('an error for clients', () => {
  it.each(table)('%s is as the protocol has it', (name, error, expected) => {
    const { code, httpStatus, status, reason, message, details, headers } = error;
    const violations = error instanceof InvalidParamsError ? { violations: error.violations } : {};
    expect({ code, httpStatus, status, reason, message, details, headers, ...violations }).toEqual({
      headers: {},
      ...expected,
    });
    expect(error.name).toBe(name);
    expect(error).toBeInstanceOf(Error);
    expect(isA2AError(error)).toBe(true);
  });

  it('has a code of its own, as far as the protocol gives one', () => {
    const codes = table.map(([, { code }]) => code).filter((code) => code !== -32000);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('is known across copies of the package by its brand, and nothing else is', () => {
    const copy = Object.defineProperty(new Error('x'), Symbol.for('express-a2a.error'), { value: true });
    expect(isA2AError(copy)).toBe(true);
    for (const other of [new Error('x'), { code: -32001, details: [] }, null, undefined, 'x', 5]) {
      expect(isA2AError(other)).toBe(false);
    }
  });

  it('keeps its cause, and does not show its brand', () => {
    const cause = new Error('why');
    const error = new A2AError({ code: -32603, httpStatus: 500, status: 'INTERNAL' }, 'x', { cause });
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).toEqual([
      'code',
      'httpStatus',
      'status',
      'reason',
      'details',
      'headers',
      'name',
    ]);
  });

  it('names no challenge where there is none', () => {
    expect(new UnauthenticatedError([]).headers).toEqual({});
  });

  it('leaves out the id of an internal error that has none', () => {
    expect(new InternalError().message).toBe('Internal error');
  });

  it('may tell why it is unavailable', () => {
    expect(new UnavailableError('Too many tasks', 1, { limit: 'tasks' }).details).toEqual(
      info('UNAVAILABLE', { limit: 'tasks' }, 'express-a2a'),
    );
  });
});
