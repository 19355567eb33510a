import { randomUUID } from 'node:crypto';
import { type FieldViolation, InvalidParamsError } from '../protocol/errors.ts';
import type { Methods, TaskPushNotificationConfig } from '../protocol/v1.ts';
import type { Method } from './call.ts';
import type { TaskId } from './log.ts';
import type { PushRegistration } from './push-storage.ts';

/** A webhook that a call brings, checked; its task may have to be made yet. */
export type PushDraft = (task: { readonly taskId: TaskId; readonly contextId: string }) => PushRegistration;

/** What is known of the call that brings it. */
export interface PushOrigin {
  readonly dialect: PushRegistration['dialect'];
  readonly traceparent?: string | undefined;
}

/** Why an address is refused, as text for the client that completes "url …"; undefined for one that is allowed. */
export type RefuseUrl = (url: string) => Promise<string | undefined>;

/** Where a webhook stands that comes with a message. */
export const INLINE_PUSH = 'configuration.taskPushNotificationConfig.';

const URL_CHARS = 2048;
const HEADER_CHARS = 8192;

/** Whether the parameters may name a webhook: those of a new one, and those of a send that brings one. */
export function bringsWebhook(params: Methods[Method]['params']): boolean {
  return (
    'url' in params || ('message' in params && params.configuration?.taskPushNotificationConfig !== undefined)
  );
}

/**
 * The webhook that a call brings, if it does: by itself, or with a message. Throws InvalidParamsError for a field that can not
 * be stored or sent, for an address to which nothing may be sent (§13.2), or for a task that is not the one of the message.
 */
export async function readPush(
  params: Methods[Method]['params'],
  origin: PushOrigin,
  refuse: RefuseUrl,
): Promise<PushDraft | undefined> {
  if ('url' in params) {
    if ((params.taskId ?? '') !== '') return draftPush(params, '', origin, refuse);
    throw new InvalidParamsError([{ field: 'taskId', description: 'is required: send the id of the task' }]);
  }
  const inline = 'message' in params ? params.configuration?.taskPushNotificationConfig : undefined;
  if (inline === undefined || !('message' in params)) return undefined;
  const { taskId = '' } = inline;
  if (taskId !== '' && taskId !== params.message.taskId) {
    const description = 'is not the task of the message: leave it out';
    throw new InvalidParamsError([{ field: `${INLINE_PUSH}taskId`, description }]);
  }
  return draftPush(inline, INLINE_PUSH, origin, refuse);
}

async function draftPush(
  given: TaskPushNotificationConfig,
  at: string,
  origin: PushOrigin,
  refuse: RefuseUrl,
): Promise<PushDraft> {
  const violations = faultsOf(given);
  if (violations.length === 0) {
    const refused = await refuse(given.url);
    if (refused !== undefined) violations.push({ field: 'url', description: refused });
  }
  if (violations.length > 0) {
    throw new InvalidParamsError(violations.map((one) => ({ ...one, field: `${at}${one.field}` })));
  }
  const { id = '', url, token = '', authentication } = given;
  const { dialect, traceparent } = origin;
  const fields = { url, ...(token !== '' && { token }), ...(authentication && { authentication }) };
  return ({ taskId, contextId }) => ({
    // clients of 0.3 ask for the webhook by the id of its task
    config: { id: id !== '' ? id : dialect === '0.3' ? taskId : randomUUID(), taskId, ...fields },
    ...{ contextId, dialect },
    ...(traceparent !== undefined && { traceparent }),
  });
}

function faultsOf({
  id = '',
  url,
  token = '',
  authentication,
}: TaskPushNotificationConfig): FieldViolation[] {
  const faults: FieldViolation[] = [];
  const check = (isFine: boolean, field: string, description: string) => {
    if (!isFine) faults.push({ field, description });
  };
  const limit = `must have at most ${String(HEADER_CHARS)} characters, all of them printable ASCII`;
  check(
    id.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(id),
    'id',
    'must have at most 256 characters and no control characters',
  );
  check(url.length <= URL_CHARS, 'url', `must have at most ${String(URL_CHARS)} characters`);
  check(isHeaderText(token), 'token', limit);
  if (authentication !== undefined) {
    const { scheme, credentials = '' } = authentication;
    check(
      /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(scheme),
      'authentication.scheme',
      'must be one word of at most 64 characters, such as Bearer',
    );
    check(isHeaderText(credentials), 'authentication.credentials', limit);
  }
  return faults;
}

/** Whether it can be sent as the value of a header, just as it is. */
function isHeaderText(text: string): boolean {
  return (
    text === '' || (text.length <= HEADER_CHARS && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text))
  );
}
