import type * as v1 from '../../protocol/v1.ts';
import { cardToV03, cardToV1 } from './card.ts';
import { messageToV03, messageToV1 } from './message.ts';
import { pushConfigToV03, pushConfigToV1 } from './push-config.ts';
import { taskToV03, taskToV1 } from './task.ts';
import type * as v03 from './types.ts';

/** Names of the operations that 0.3 has and that answer once. */
export type UnaryMethod = Exclude<keyof v1.Methods, 'ListTasks' | 'SendStreamingMessage' | 'SubscribeToTask'>;

type Older = {
  readonly SendMessage: 'message/send';
  readonly GetTask: 'tasks/get';
  readonly CancelTask: 'tasks/cancel';
  readonly CreateTaskPushNotificationConfig: 'tasks/pushNotificationConfig/set';
  readonly GetTaskPushNotificationConfig: 'tasks/pushNotificationConfig/get';
  readonly ListTaskPushNotificationConfigs: 'tasks/pushNotificationConfig/list';
  readonly DeleteTaskPushNotificationConfig: 'tasks/pushNotificationConfig/delete';
  readonly GetExtendedAgentCard: 'agent/getAuthenticatedExtendedCard';
};

type DownTable = {
  readonly [M in UnaryMethod]: (result: v1.Methods[M]['result']) => v03.Methods[Older[M]]['result'];
};

type UpTable = {
  readonly [M in UnaryMethod]: (result: v03.Methods[Older[M]]['result']) => v1.Methods[M]['result'];
};

const TO_V03: DownTable = {
  SendMessage: ({ task, message }) => (task ? taskToV03(task) : messageToV03(message)),
  GetTask: taskToV03,
  CancelTask: taskToV03,
  CreateTaskPushNotificationConfig: pushConfigToV03,
  GetTaskPushNotificationConfig: pushConfigToV03,
  ListTaskPushNotificationConfigs: ({ configs = [] }) => configs.map(pushConfigToV03),
  DeleteTaskPushNotificationConfig: () => null,
  GetExtendedAgentCard: cardToV03,
};

const TO_V1: UpTable = {
  SendMessage: (result) =>
    result.kind === 'task' ? { task: taskToV1(result) } : { message: messageToV1(result) },
  GetTask: taskToV1,
  CancelTask: taskToV1,
  CreateTaskPushNotificationConfig: pushConfigToV1,
  GetTaskPushNotificationConfig: pushConfigToV1,
  ListTaskPushNotificationConfigs: (configs) => ({ configs: configs.map(pushConfigToV1) }),
  DeleteTaskPushNotificationConfig: () => ({}),
  GetExtendedAgentCard: cardToV1,
};

/** The result of an operation, by its 1.0 name, as 0.3 writes it. */
export function resultToV03<M extends UnaryMethod>(
  method: M,
  result: v1.Methods[M]['result'],
): v03.Methods[Older[M]]['result'] {
  return TO_V03[method](result);
}

/** The result of a 0.3 server, checked by `readResult`, as 1.0 writes it. */
export function resultToV1<M extends UnaryMethod>(
  method: M,
  result: v03.Methods[Older[M]]['result'],
): v1.Methods[M]['result'] {
  return TO_V1[method](result);
}
