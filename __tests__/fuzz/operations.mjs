/**
 * What a call and its answer are in one version: definitions of its schema, `[]` for a list of them.
 *
 * @typedef {{ params: string, result: string }} Shape
 */

/**
 * An operation: its name in 1.0, its `older` one, its verbs and paths in the HTTP+JSON binding (§11.3), and its shape in each
 * version that has it.
 *
 * @typedef {{ name: string, older?: string, rest: readonly string[], '1.0': Shape, '0.3'?: Shape, isSend?: boolean,
 *   streams?: boolean }} Operation
 */

/** Every operation; the first six are those of tasks. @type {readonly Operation[]} */
export const OPERATIONS = [
  {
    ...{ name: 'SendMessage', older: 'message/send', isSend: true },
    rest: ['POST /message:send'],
    '1.0': { params: 'SendMessageRequest', result: 'SendMessageResponse' },
    0.3: { params: 'MessageSendParams', result: 'SendResult' },
  },
  {
    ...{ name: 'SendStreamingMessage', older: 'message/stream', isSend: true, streams: true },
    rest: ['POST /message:stream'],
    '1.0': { params: 'SendMessageRequest', result: 'StreamResponse' },
    0.3: { params: 'MessageSendParams', result: 'StreamEvent' },
  },
  {
    ...{ name: 'GetTask', older: 'tasks/get' },
    rest: ['GET /tasks/{id}'],
    '1.0': { params: 'GetTaskRequest', result: 'Task' },
    0.3: { params: 'TaskQueryParams', result: 'Task' },
  },
  {
    name: 'ListTasks',
    rest: ['GET /tasks'],
    '1.0': { params: 'ListTasksRequest', result: 'ListTasksResponse' },
  },
  {
    ...{ name: 'CancelTask', older: 'tasks/cancel' },
    rest: ['POST /tasks/{id}:cancel'],
    '1.0': { params: 'CancelTaskRequest', result: 'Task' },
    0.3: { params: 'TaskIdParams', result: 'Task' },
  },
  {
    ...{ name: 'SubscribeToTask', older: 'tasks/resubscribe', streams: true },
    rest: ['POST /tasks/{id}:subscribe', 'GET /tasks/{id}:subscribe'],
    '1.0': { params: 'SubscribeToTaskRequest', result: 'StreamResponse' },
    0.3: { params: 'TaskIdParams', result: 'StreamEvent' },
  },
  {
    ...{ name: 'CreateTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/set' },
    rest: ['POST /tasks/{taskId}/pushNotificationConfigs'],
    '1.0': { params: 'TaskPushNotificationConfig', result: 'TaskPushNotificationConfig' },
    0.3: { params: 'TaskPushNotificationConfig', result: 'TaskPushNotificationConfig' },
  },
  {
    ...{ name: 'GetTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/get' },
    rest: ['GET /tasks/{taskId}/pushNotificationConfigs/{id}'],
    '1.0': { params: 'GetTaskPushNotificationConfigRequest', result: 'TaskPushNotificationConfig' },
    0.3: { params: 'GetTaskPushNotificationConfigParams', result: 'TaskPushNotificationConfig' },
  },
  {
    ...{ name: 'ListTaskPushNotificationConfigs', older: 'tasks/pushNotificationConfig/list' },
    rest: ['GET /tasks/{taskId}/pushNotificationConfigs'],
    '1.0': {
      params: 'ListTaskPushNotificationConfigsRequest',
      result: 'ListTaskPushNotificationConfigsResponse',
    },
    0.3: { params: 'TaskIdParams', result: 'TaskPushNotificationConfig[]' },
  },
  {
    ...{ name: 'DeleteTaskPushNotificationConfig', older: 'tasks/pushNotificationConfig/delete' },
    rest: ['DELETE /tasks/{taskId}/pushNotificationConfigs/{id}'],
    '1.0': { params: 'DeleteTaskPushNotificationConfigRequest', result: 'Empty' },
    0.3: { params: 'DeleteTaskPushNotificationConfigParams', result: 'null' },
  },
  {
    ...{ name: 'GetExtendedAgentCard', older: 'agent/getAuthenticatedExtendedCard' },
    rest: ['GET /extendedAgentCard'],
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
