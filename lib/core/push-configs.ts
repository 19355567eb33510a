import { createHash } from 'node:crypto';
import { InvalidParamsError, TaskNotFoundError } from '../protocol/errors.ts';
import type {
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  TaskPushNotificationConfig,
} from '../protocol/v1.ts';
import type { OperationContext } from './engine.ts';
import type { Scope, TaskId } from './log.ts';
import type { RefuseUrl } from './push-draft.ts';
import type { PushStorage, StoredPush } from './push-storage.ts';
import type { Storage } from './storage.ts';

/** Our extension: a webhook that is read also tells how its deliveries go. */
export const PUSH_STATUS = 'urn:express-a2a:push-status:v1';

/** What an agent needs to take webhooks. */
export interface PushPart {
  readonly storage: Pick<Storage, 'loadTask'> & { readonly push: PushStorage };
  readonly refuse: RefuseUrl;
  /** Whether tokens and credentials are kept back from the owner too. */
  readonly redactCredentials: boolean;
  /** Told when a webhook of a task has been registered by this process. */
  readonly onRegistered: (taskId: TaskId) => void;
}

/** The four operations on webhooks (§3.1.7 to §3.1.10). */
export interface PushOperations {
  /** The webhook itself is in the context, checked. */
  readonly create: (
    params: TaskPushNotificationConfig,
    context: OperationContext,
  ) => Promise<TaskPushNotificationConfig>;
  readonly get: (
    params: GetTaskPushNotificationConfigRequest,
    context: OperationContext,
  ) => Promise<TaskPushNotificationConfig>;
  readonly list: (
    params: ListTaskPushNotificationConfigsRequest,
    context: OperationContext,
  ) => Promise<ListTaskPushNotificationConfigsResponse>;
  readonly delete: (
    params: DeleteTaskPushNotificationConfigRequest,
    context: OperationContext,
  ) => Promise<Record<string, never>>;
}

const PAGE_SIZE = 50;
const LARGEST_PAGE = 100;

/** Makes the operations on webhooks. All work on tasks that have ended, and only for the owner of the task. */
export function createPushOperations({ storage, redactCredentials, onRegistered }: PushPart): PushOperations {
  async function contextOf(taskId: TaskId, scope: Scope): Promise<string> {
    const snapshot = await storage.loadTask(taskId, scope);
    if (snapshot?.answers !== 'task') throw new TaskNotFoundError(taskId);
    return snapshot.task.contextId;
  }

  async function listed(taskId: TaskId, scope: Scope): Promise<readonly StoredPush[]> {
    const found = await storage.push.list(scope, taskId);
    if (found === undefined) throw new TaskNotFoundError(taskId);
    return found;
  }

  function shown(stored: StoredPush, { scope, extensions }: OperationContext): TaskPushNotificationConfig {
    const { id, taskId, url, token, authentication } = stored.config;
    return {
      ...(scope.tenant !== '' && { tenant: scope.tenant }),
      ...{ id, taskId, url },
      ...(token !== undefined && !redactCredentials && { token }),
      ...(authentication && {
        authentication: redactCredentials ? { scheme: authentication.scheme } : authentication,
      }),
      ...(extensions.includes(PUSH_STATUS) && { delivery: deliveryOf(stored) }),
    };
  }

  async function create(
    { taskId = '' }: TaskPushNotificationConfig,
    context: OperationContext,
  ): Promise<TaskPushNotificationConfig> {
    const { scope, push } = context;
    if (push === undefined) throw new TypeError('A webhook is created by a call that brings one');
    const contextId = await contextOf(taskId, scope);
    const registration = push({ taskId, contextId });
    const saved = await storage.push.save(scope, registration);
    if (saved === 'not-found') throw new TaskNotFoundError(taskId);
    if (saved === 'full') throw tooManyWebhooks('');
    onRegistered(taskId);
    return shown({ ...registration, nth: 0, failures: 0, disabled: false }, context);
  }

  async function get(
    { taskId, id }: GetTaskPushNotificationConfigRequest,
    context: OperationContext,
  ): Promise<TaskPushNotificationConfig> {
    const all = await listed(taskId, context.scope);
    // a client of 0.3 that names none asks by the id of the task, and means the one that there is
    const isUnnamed = context.dialect === '0.3' && id === taskId;
    const found = all.find(({ config }) => config.id === id) ?? (isUnnamed ? all[0] : undefined);
    if (found === undefined) throw new TaskNotFoundError(taskId);
    return shown(found, context);
  }

  async function list(
    { taskId, pageSize = 0, pageToken = '' }: ListTaskPushNotificationConfigsRequest,
    context: OperationContext,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    const { scope } = context;
    const after = pageToken === '' ? 0 : readToken(pageToken, scope, taskId);
    const rest = (await listed(taskId, scope)).filter(({ nth }) => nth > after);
    const size = Math.min(pageSize === 0 ? PAGE_SIZE : pageSize, LARGEST_PAGE);
    const page = rest.slice(0, size);
    const last = page.at(-1);
    return {
      configs: page.map((stored) => shown(stored, context)),
      nextPageToken:
        rest.length > page.length && last !== undefined ? writeToken(last.nth, scope, taskId) : '',
    };
  }

  return {
    create,
    get,
    list,
    async delete({ taskId, id }, { scope }) {
      if (!(await storage.push.delete(scope, taskId, id))) throw new TaskNotFoundError(taskId);
      return {};
    },
  };
}

/** The task has as many webhooks as it may. `at` is where the webhook stands in the parameters. */
export function tooManyWebhooks(at: string): InvalidParamsError {
  const description =
    'would be one webhook more than a task may have here: delete one, or send its id to replace it';
  return new InvalidParamsError([{ field: `${at}id`, description }]);
}

function deliveryOf({ disabled, failures, reason }: StoredPush): object {
  return { disabled, failures, ...(reason !== undefined && { reason }) };
}

/** The place of the last one given out, tied to caller and task. */
function writeToken(nth: number, scope: Scope, taskId: TaskId): string {
  const { agent, tenant, owner } = scope;
  const tie = createHash('sha256').update(JSON.stringify([agent, tenant, owner, taskId, nth]));
  return `${String(nth)}.${tie.digest('base64url').slice(0, 16)}`;
}

function readToken(token: string, scope: Scope, taskId: TaskId): number {
  const nth = Number(/^([1-9]\d{0,14})\./.exec(token)?.[1]);
  if (token === writeToken(nth, scope, taskId)) return nth;
  const description = 'is not a token of this listing: send the nextPageToken of the page before';
  throw new InvalidParamsError([{ field: 'pageToken', description }]);
}
