import { describe, expect, it } from '@jest/globals';
import { errorToV03, errorToV1 } from '../../lib/compat/v03/error.ts';

const info = (reason: string): object => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'a2a-protocol.org',
});

describe('an error in the words of 0.3', () => {
  it('has the same code and data', () => {
    const error = { code: -32001, message: 'Task not found', data: [info('TASK_NOT_FOUND')] };
    expect(errorToV03(error)).toEqual(error);
    expect(errorToV03({ code: -32700, message: 'x' })).toStrictEqual({ code: -32700, message: 'x' });
  });

  it.each([
    ['it has ended as TASK_STATE_INPUT_REQUIRED', 'it has ended as input-required'],
    [
      'The task has ended (TASK_STATE_FAILED); GetTask tells how',
      'The task has ended (failed); tasks/get tells how',
    ],
    ['use SubscribeToTask or ListTasks', 'use tasks/resubscribe or ListTasks'],
    ['GetTasks and TASK_STATES', 'GetTasks and TASK_STATES'],
  ])('names states and operations its way: %s', (message, expected) => {
    expect(errorToV03({ code: -32004, message }).message).toBe(expected);
  });

  it('leaves the words of the agent alone', () => {
    const message = 'call GetTask';
    expect(errorToV03({ code: -32603, message }).message).toBe(message);
  });

  it.each([
    ['message.parts[12].raw', 'message.parts[12].file.bytes'],
    ['message.parts[0].url', 'message.parts[0].file.uri'],
    ['configuration.taskPushNotificationConfig.url', 'configuration.pushNotificationConfig.url'],
    ['message.parts', 'message.parts'],
    ['message.contextId', 'message.contextId'],
  ])('names the field its way: %s', (field, expected) => {
    const data = (name: string) => [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: name, description: 'd' }],
      },
    ];
    const error = { code: -32602, message: 'Invalid parameters' };
    expect(errorToV03({ ...error, data: data(field) })).toEqual({ ...error, data: data(expected) });
  });
});

describe('an error of a 0.3 server', () => {
  it.each([
    [-32001, 'TASK_NOT_FOUND'],
    [-32002, 'TASK_NOT_CANCELABLE'],
    [-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED'],
    [-32004, 'UNSUPPORTED_OPERATION'],
    [-32005, 'CONTENT_TYPE_NOT_SUPPORTED'],
    [-32006, 'INVALID_AGENT_RESPONSE'],
    [-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED'],
  ])('%i gets the reason %s', (code, reason) => {
    expect(errorToV1({ code, message: 'm' })).toEqual({ code, message: 'm', details: [info(reason)] });
  });

  it('keeps details as they are', () => {
    const details = [info('TASK_NOT_FOUND')];
    expect(errorToV1({ code: -32001, message: 'm', data: details }).details).toEqual(details);
    const other = { '@type': 'x' };
    expect(errorToV1({ code: -32001, message: 'm', data: [other] }).details).toEqual([
      info('TASK_NOT_FOUND'),
      other,
    ]);
  });

  it.each(['text', 5, { stack: 'x' }, [1], []])('keeps other data as a value: %j', (value) => {
    expect(errorToV1({ code: -32603, message: 'm', data: value }).details).toEqual([
      { '@type': 'type.googleapis.com/google.protobuf.Value', value },
    ]);
  });

  it.each([undefined, null])('has no details without data: %p', (data) => {
    expect(errorToV1({ code: -32602, message: 'm', data })).toEqual({
      code: -32602,
      message: 'm',
      details: [],
    });
  });
});
