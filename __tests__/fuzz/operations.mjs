/**
 * What a call and its answer are in one version: definitions of its schema, `[]` for a list of them.
 *
 * @typedef {{ params: string, result: string }} Shape
 */

/**
 * An operation: its name in 1.0, its `older` one, and its shape in each version that has it.
 *
 * @typedef {{ name: string, older?: string, '1.0': Shape, '0.3'?: Shape, isSend?: boolean, streams?: boolean }} Operation
 */

/** Every operation; the first six are those of tasks. @type {readonly Operation[]} */
export const OPERATIONS = [
  {
    ...{ name: 'SendMessage', older: 'message/send', isSend: true },
    '1.0': { params: 'SendMessageRequest', result: 'SendMessageResponse' },
    0.3: { params: 'MessageSendParams', result: 'SendResult' },
  },
  {
    ...{ name: 'SendStreamingMessage', older: 'message/stream', isSend: true, streams: true },
    '1.0': { params: 'SendMessageRequest', result: 'StreamResponse' },
    0.3: { params: 'MessageSendParams', result: 'StreamEvent' },
  },
  {
    ...{ name: 'GetTask', older: 'tasks/get' },
    '1.0': { params: 'GetTaskRequest', result: 'Task' },
    0.3: { params: 'TaskQueryParams', result: 'Task' },
  },
  { name: 'ListTasks', '1.0': { params: 'ListTasksRequest', result: 'ListTasksResponse' } },
  {
    ...{ name: 'CancelTask', older: 'tasks/cancel' },
    '1.0': { params: 'CancelTaskRequest', result: 'Task' },
    0.3: { params: 'TaskIdParams', result: 'Task' },
  },
  {
    ...{ name: 'SubscribeToTask', older: 'tasks/resubscribe', streams: true },
    '1.0': { params: 'SubscribeToTaskRequest', result: 'StreamResponse' },
    0.3: { params: 'TaskIdParams', result: 'StreamEvent' },
  },
  {
    ...{ name: 'CreateTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/set' },
    '1.0': { params: 'TaskPushNotificationConfig', result: 'TaskPushNotificationConfig' },
    0.3: { params: 'TaskPushNotificationConfig', result: 'TaskPushNotificationConfig' },
  },
  {
    ...{ name: 'GetTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/get' },
    '1.0': { params: 'GetTaskPushNotificationConfigRequest', result: 'TaskPushNotificationConfig' },
    0.3: { params: 'GetTaskPushNotificationConfigParams', result: 'TaskPushNotificationConfig' },
  },
  {
    ...{ name: 'ListTaskPushNotificationConfigs', older: 'tasks/pushNotificationConfig/list' },
    '1.0': {
      params: 'ListTaskPushNotificationConfigsRequest',
      result: 'ListTaskPushNotificationConfigsResponse',
    },
    0.3: { params: 'TaskIdParams', result: 'TaskPushNotificationConfig[]' },
  },
  {
    ...{ name: 'DeleteTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/delete' },
    '1.0': { params: 'DeleteTaskPushNotificationConfigRequest', result: 'Empty' },
    0.3: { params: 'DeleteTaskPushNotificationConfigParams', result: 'null' },
  },
  {
    ...{ name: 'GetExtendedAgentCard', older: 'agent/getAuthenticatedExtendedCard' },
    '1.0': { params: 'GetExtendedAgentCardRequest', result: 'AgentCard' },
    0.3: { params: 'NoParams', result: 'AgentCard' },
  },
];

/**
 * Whether parameters hold a message that can only be one of 0.3.
 *
 * @param {unknown} params
 */
export function isOlderMessage(params) {
  const { message } = /** @type {{ message?: { role?: unknown } | null }} */ (Object(params));
  return message?.role === 'user' || message?.role === 'agent';
}
