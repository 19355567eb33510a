import type * as v1 from '../../protocol/v1.ts';
import { pick } from './fields.ts';
import { messageToV03, messageToV1 } from './message.ts';
import { pushConfigToV03, pushConfigToV1, webhookToV03, webhookToV1 } from './push-config.ts';
import type * as v03 from './types.ts';

type UpTable = { readonly [M in keyof v03.Methods]: (params: v03.Methods[M]['params']) => object };

const TO_V1: UpTable = {
  'message/send': sendToV1,
  'message/stream': sendToV1,
  'tasks/get': (params) => pick(params, 'id', 'historyLength'),
  'tasks/cancel': (params) => pick(params, 'id', 'metadata'),
  'tasks/resubscribe': ({ id }) => ({ id }),
  'tasks/pushNotificationConfig/set': pushConfigToV1,
  'tasks/pushNotificationConfig/get': ({ id, pushNotificationConfigId = id }) => ({
    taskId: id,
    id: pushNotificationConfigId,
  }),
  'tasks/pushNotificationConfig/list': ({ id }) => ({ taskId: id }),
  'tasks/pushNotificationConfig/delete': ({ id, pushNotificationConfigId }) => ({
    taskId: id,
    id: pushNotificationConfigId,
  }),
  'agent/getAuthenticatedExtendedCard': () => ({}),
};

/**
 * Checked parameters of a 0.3 call, as a client of 1.0 would send them. A message is the client's whatever its role
 * says. A get without a registration asks for the one that has the id of the task.
 */
export function paramsToV1<M extends keyof v03.Methods>(method: M, params: v03.Methods[M]['params']): object {
  return TO_V1[method](params);
}

/** A call in the words of 0.3. */
export type CallV03 = {
  readonly [M in keyof v03.Methods]: { readonly method: M; readonly params: v03.Methods[M]['params'] };
}[keyof v03.Methods];

type DownTable = {
  readonly [M in keyof v1.Methods]: (params: v1.Methods[M]['params']) => CallV03 | undefined;
};

const TO_V03: DownTable = {
  SendMessage: (params) => ({ method: 'message/send', params: sendToV03(params) }),
  SendStreamingMessage: (params) => ({ method: 'message/stream', params: sendToV03(params) }),
  GetTask: (params) => ({ method: 'tasks/get', params: pick(params, 'id', 'historyLength') }),
  CancelTask: (params) => ({ method: 'tasks/cancel', params: pick(params, 'id', 'metadata') }),
  SubscribeToTask: ({ id }) => ({ method: 'tasks/resubscribe', params: { id } }),
  CreateTaskPushNotificationConfig: (params) => ({
    method: 'tasks/pushNotificationConfig/set',
    params: pushConfigToV03(params),
  }),
  GetTaskPushNotificationConfig: ({ taskId, id }) => ({
    method: 'tasks/pushNotificationConfig/get',
    params: { id: taskId, pushNotificationConfigId: id },
  }),
  ListTaskPushNotificationConfigs: ({ taskId }) => ({
    method: 'tasks/pushNotificationConfig/list',
    params: { id: taskId },
  }),
  DeleteTaskPushNotificationConfig: ({ taskId, id }) => ({
    method: 'tasks/pushNotificationConfig/delete',
    params: { id: taskId, pushNotificationConfigId: id },
  }),
  GetExtendedAgentCard: () => ({ method: 'agent/getAuthenticatedExtendedCard', params: {} }),
  ListTasks: () => undefined,
};

/** A call of 1.0 in the words of 0.3; undefined for ListTasks, which 0.3 does not have. The tenant and the paging are lost. */
export function callToV03<M extends keyof v1.Methods>(
  method: M,
  params: v1.Methods[M]['params'],
): CallV03 | undefined {
  return TO_V03[method](params);
}

function sendToV1({ message, configuration, ...rest }: v03.MessageSendParams): v1.SendMessageRequest {
  return {
    message: { ...messageToV1(message), role: 'ROLE_USER' },
    ...(configuration && { configuration: configurationToV1(configuration) }),
    ...pick(rest, 'metadata'),
  };
}

function sendToV03({ message, configuration, ...rest }: v1.SendMessageRequest): v03.MessageSendParams {
  return {
    message: messageToV03(message),
    ...(configuration && { configuration: configurationToV03(configuration) }),
    ...pick(rest, 'metadata'),
  };
}

// a 0.3 client that does not say waits
function configurationToV1(given: v03.MessageSendConfiguration): v1.SendMessageConfiguration {
  const { blocking, pushNotificationConfig } = given;
  return {
    ...pick(given, 'acceptedOutputModes', 'historyLength'),
    ...(blocking === false && { returnImmediately: true }),
    ...(pushNotificationConfig && { taskPushNotificationConfig: webhookToV1(pushNotificationConfig) }),
  };
}

// said both ways, because servers disagree on what silence means
function configurationToV03(given: v1.SendMessageConfiguration): v03.MessageSendConfiguration {
  const { returnImmediately, taskPushNotificationConfig } = given;
  return {
    ...pick(given, 'acceptedOutputModes', 'historyLength'),
    blocking: returnImmediately !== true,
    ...(taskPushNotificationConfig && { pushNotificationConfig: webhookToV03(taskPushNotificationConfig) }),
  };
}
