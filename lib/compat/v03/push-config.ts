import type * as v1 from '../../protocol/v1.ts';
import { pick, pickFilled } from './fields.ts';
import type { PushNotificationConfig, TaskPushNotificationConfig } from './types.ts';

/** A webhook of a task in the words of 1.0; without an id it has that of the task. */
export function pushConfigToV1(config: TaskPushNotificationConfig): v1.TaskPushNotificationConfig {
  const { taskId, pushNotificationConfig: webhook } = config;
  return { taskId, id: taskId, ...webhookToV1(webhook) };
}

/** A webhook of a task in the words of 0.3. The tenant is lost. */
export function pushConfigToV03(config: v1.TaskPushNotificationConfig): TaskPushNotificationConfig {
  return { taskId: config.taskId ?? '', pushNotificationConfig: webhookToV03(config) };
}

/** A webhook that comes with a message, in the words of 1.0. Of several schemes the first counts, none is no authentication. */
export function webhookToV1(webhook: PushNotificationConfig): v1.TaskPushNotificationConfig {
  const { url, authentication = { schemes: [] } } = webhook;
  const [scheme] = authentication.schemes;
  return {
    ...pickFilled(webhook, 'id'),
    url,
    ...pick(webhook, 'token'),
    ...(scheme !== undefined && { authentication: { scheme, ...pick(authentication, 'credentials') } }),
  };
}

/** A webhook in the words of 0.3. */
export function webhookToV03(config: v1.TaskPushNotificationConfig): PushNotificationConfig {
  const { url, authentication } = config;
  return {
    ...pickFilled(config, 'id'),
    url,
    ...pickFilled(config, 'token'),
    ...(authentication && {
      authentication: { schemes: [authentication.scheme], ...pickFilled(authentication, 'credentials') },
    }),
  };
}
