import { describe, expect, it } from '@jest/globals';
import { readV03 } from '../../lib/compat/v03/check.ts';
import { callToV03, paramsToV1 } from '../../lib/compat/v03/params.ts';
import { pushConfigToV03, pushConfigToV1 } from '../../lib/compat/v03/push-config.ts';
import { resultToV03, resultToV1 } from '../../lib/compat/v03/result.ts';
import { a2aV03Methods } from '../../lib/compat/v03/schema.ts';
import type * as v03 from '../../lib/compat/v03/types.ts';
import { a2aV1Methods } from '../../lib/protocol/v1.schema.ts';
import type * as v1 from '../../lib/protocol/v1.ts';
import { readDefinition } from '../../lib/protocol/validate.ts';

const part = { kind: 'text', text: 'a' } as const;
const message: { older: v03.Message; newer: v1.Message } = {
  older: { kind: 'message', messageId: 'm', role: 'user', parts: [part] },
  newer: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }] },
};
const webhook = {
  older: {
    id: 'w',
    url: 'https://x.test',
    token: 's',
    authentication: { schemes: ['Bearer'], credentials: 'c' },
  },
  newer: {
    id: 'w',
    url: 'https://x.test',
    token: 's',
    authentication: { scheme: 'Bearer', credentials: 'c' },
  },
};

const calls: [keyof v1.Methods, object, keyof v03.Methods, object][] = [
  ['SendMessage', { message: message.newer }, 'message/send', { message: message.older }],
  [
    'SendStreamingMessage',
    {
      message: message.newer,
      metadata: { x: 1 },
      configuration: {
        ...{ acceptedOutputModes: ['text/plain'], historyLength: 0, returnImmediately: true },
        taskPushNotificationConfig: webhook.newer,
      },
    },
    'message/stream',
    {
      message: message.older,
      metadata: { x: 1 },
      configuration: {
        ...{ acceptedOutputModes: ['text/plain'], historyLength: 0, blocking: false },
        pushNotificationConfig: webhook.older,
      },
    },
  ],
  ['GetTask', { id: 't' }, 'tasks/get', { id: 't' }],
  ['GetTask', { id: 't', historyLength: 0 }, 'tasks/get', { id: 't', historyLength: 0 }],
  ['CancelTask', { id: 't', metadata: { x: 1 } }, 'tasks/cancel', { id: 't', metadata: { x: 1 } }],
  ['SubscribeToTask', { id: 't' }, 'tasks/resubscribe', { id: 't' }],
  [
    'CreateTaskPushNotificationConfig',
    { taskId: 't', ...webhook.newer },
    'tasks/pushNotificationConfig/set',
    { taskId: 't', pushNotificationConfig: webhook.older },
  ],
  [
    'GetTaskPushNotificationConfig',
    { taskId: 't', id: 'w' },
    'tasks/pushNotificationConfig/get',
    { id: 't', pushNotificationConfigId: 'w' },
  ],
  ['ListTaskPushNotificationConfigs', { taskId: 't' }, 'tasks/pushNotificationConfig/list', { id: 't' }],
  [
    'DeleteTaskPushNotificationConfig',
    { taskId: 't', id: 'w' },
    'tasks/pushNotificationConfig/delete',
    { id: 't', pushNotificationConfigId: 'w' },
  ],
  ['GetExtendedAgentCard', {}, 'agent/getAuthenticatedExtendedCard', {}],
];

describe('a call', () => {
  it.each(calls)('of %s with %j is one of %s', (newMethod, newer, oldMethod, older) => {
    expect(readDefinition(a2aV1Methods[newMethod].params, newer)).toEqual({ value: newer });
    expect(readV03(a2aV03Methods[oldMethod].params, older)).toEqual({ value: older });
    expect(a2aV1Methods[newMethod].older).toBe(oldMethod);
    expect(paramsToV1(oldMethod, older as v03.Methods[typeof oldMethod]['params'])).toStrictEqual(newer);
    expect(callToV03(newMethod, newer as v1.Methods[typeof newMethod]['params'])).toStrictEqual({
      method: oldMethod,
      params: older,
    });
  });

  it('covers every method of both versions', () => {
    const names = (column: 0 | 2) => [...new Set(calls.map((row) => row[column]))].sort();
    expect(names(2)).toEqual(Object.keys(a2aV03Methods).sort());
    expect([...names(0), 'ListTasks'].sort()).toEqual(Object.keys(a2aV1Methods).sort());
  });

  it('of ListTasks is none of 0.3', () => {
    expect(callToV03('ListTasks', {})).toBeUndefined();
  });

  it('loses the metadata of a get, the tenant and the paging', () => {
    const metadata = { x: 1 };
    expect(paramsToV1('tasks/get', { id: 't', metadata })).toStrictEqual({ id: 't' });
    expect(paramsToV1('tasks/resubscribe', { id: 't', metadata })).toStrictEqual({ id: 't' });
    expect(callToV03('GetTask', { id: 't', tenant: 'x' })?.params).toStrictEqual({ id: 't' });
    const paged = { taskId: 't', pageSize: 5, pageToken: 'x' };
    expect(callToV03('ListTaskPushNotificationConfigs', paged)?.params).toStrictEqual({ id: 't' });
  });

  it('has a message of the client, whatever its role says', () => {
    const params = { message: { ...message.older, role: 'agent' as const } };
    expect(paramsToV1('message/send', params)).toStrictEqual({ message: message.newer });
  });

  it('asks for the webhook with the id of the task where it names none', () => {
    expect(paramsToV1('tasks/pushNotificationConfig/get', { id: 't' })).toStrictEqual({
      taskId: 't',
      id: 't',
    });
  });
});

describe('blocking', () => {
  it.each([
    [{}, {}],
    [{ blocking: true }, {}],
    [{ blocking: false }, { returnImmediately: true }],
  ])('is the default: %j is %j', (older, newer) => {
    expect(paramsToV1('message/send', { message: message.older, configuration: older })).toStrictEqual({
      message: message.newer,
      configuration: newer,
    });
  });

  it.each([
    [{}, { blocking: true }],
    [{ returnImmediately: false }, { blocking: true }],
    [{ returnImmediately: true }, { blocking: false }],
  ])('is always said on the way down: %j is %j', (newer, older) => {
    const call = callToV03('SendMessage', { message: message.newer, configuration: newer });
    expect(call?.params).toStrictEqual({ message: message.older, configuration: older });
  });
});

describe('a webhook', () => {
  it('without an id has that of the task', () => {
    const config = { taskId: 't', pushNotificationConfig: { url: 'https://x.test' } };
    expect(pushConfigToV1(config)).toStrictEqual({ taskId: 't', id: 't', url: 'https://x.test' });
  });

  it('keeps the first of several schemes, and none where there is none', () => {
    const config = (schemes: string[]) =>
      pushConfigToV1({
        taskId: 't',
        pushNotificationConfig: { id: 'w', url: 'u', authentication: { schemes } },
      });
    expect(config(['A', 'B'])).toStrictEqual({
      ...{ taskId: 't', id: 'w', url: 'u' },
      authentication: { scheme: 'A' },
    });
    expect(config([])).toStrictEqual({ taskId: 't', id: 'w', url: 'u' });
  });

  it('loses the tenant', () => {
    expect(pushConfigToV03({ tenant: 'x', url: 'u' })).toStrictEqual({
      taskId: '',
      pushNotificationConfig: { url: 'u' },
    });
  });
});

describe('a result', () => {
  const task = {
    older: {
      kind: 'task',
      id: 't',
      contextId: 'c',
      status: { state: 'completed' },
    } satisfies v03.Task as v03.Task,
    newer: {
      id: 't',
      contextId: 'c',
      status: { state: 'TASK_STATE_COMPLETED' },
    } satisfies v1.Task as v1.Task,
  };
  const config = {
    older: { taskId: 't', pushNotificationConfig: webhook.older },
    newer: { taskId: 't', ...webhook.newer },
  };

  it('of a send is a task or a message', () => {
    expect(resultToV03('SendMessage', { task: task.newer })).toStrictEqual(task.older);
    expect(resultToV1('SendMessage', task.older)).toStrictEqual({ task: task.newer });
    expect(resultToV03('SendMessage', { message: message.newer })).toStrictEqual(message.older);
    expect(resultToV1('SendMessage', message.older)).toStrictEqual({ message: message.newer });
  });

  it.each(['GetTask', 'CancelTask'] as const)('of %s is the task', (method) => {
    expect(resultToV03(method, task.newer)).toStrictEqual(task.older);
    expect(resultToV1(method, task.older)).toStrictEqual(task.newer);
  });

  it.each(['CreateTaskPushNotificationConfig', 'GetTaskPushNotificationConfig'] as const)(
    'of %s is the webhook',
    (method) => {
      expect(resultToV03(method, config.newer)).toStrictEqual(config.older);
      expect(resultToV1(method, config.older)).toStrictEqual(config.newer);
    },
  );

  it('of a list of webhooks is a bare list', () => {
    const method = 'ListTaskPushNotificationConfigs';
    expect(resultToV03(method, { configs: [config.newer], nextPageToken: '' })).toStrictEqual([config.older]);
    expect(resultToV03(method, {})).toStrictEqual([]);
    expect(resultToV1(method, [config.older])).toStrictEqual({ configs: [config.newer] });
  });

  it('of a deletion is null', () => {
    expect(resultToV03('DeleteTaskPushNotificationConfig', {})).toBeNull();
    expect(resultToV1('DeleteTaskPushNotificationConfig', null)).toStrictEqual({});
  });
});
