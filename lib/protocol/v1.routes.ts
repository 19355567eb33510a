// Generated from schema/a2a.v1.mjs by `npm run generate`; edit that file instead.

/** Where each method is in the HTTP+JSON binding (§11.3), first the one that clients use; `{name}` is a parameter. */
export const a2aV1Routes = [
  { method: 'SendMessage', verb: 'POST', path: '/message:send' },
  { method: 'SendStreamingMessage', verb: 'POST', path: '/message:stream' },
  { method: 'GetTask', verb: 'GET', path: '/tasks/{id}' },
  { method: 'ListTasks', verb: 'GET', path: '/tasks' },
  { method: 'CancelTask', verb: 'POST', path: '/tasks/{id}:cancel' },
  { method: 'SubscribeToTask', verb: 'POST', path: '/tasks/{id}:subscribe' },
  { method: 'SubscribeToTask', verb: 'GET', path: '/tasks/{id}:subscribe' },
  { method: 'CreateTaskPushNotificationConfig', verb: 'POST', path: '/tasks/{taskId}/pushNotificationConfigs' },
  { method: 'GetTaskPushNotificationConfig', verb: 'GET', path: '/tasks/{taskId}/pushNotificationConfigs/{id}' },
  { method: 'ListTaskPushNotificationConfigs', verb: 'GET', path: '/tasks/{taskId}/pushNotificationConfigs' },
  { method: 'DeleteTaskPushNotificationConfig', verb: 'DELETE', path: '/tasks/{taskId}/pushNotificationConfigs/{id}' },
  { method: 'GetExtendedAgentCard', verb: 'GET', path: '/extendedAgentCard' },
] as const;
