import {
  PushNotificationNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
} from '../protocol/errors.ts';
import type { AgentCard, ListTasksRequest, ListTasksResponse, Methods } from '../protocol/v1.ts';
import {
  admitCapability,
  admitExtensions,
  type AdmissionCard,
  admitOwner,
  MESSAGE_LIMITS,
  type MessageLimits,
  demandOwner,
  readParams,
  requiresOwner,
} from './admission.ts';
import type { Caller, Method, Reply, Service } from './call.ts';
import { announce, type Engine, type OperationContext, wake } from './engine.ts';
import { createEventItemCache } from './event-items.ts';
import type { ExtendedCard } from './extended-card.ts';
import type { Answers, Metadata, Scope, TaskId } from './log.ts';
import { readSendKey, type SendKey } from './idempotency.ts';
import { rejected, whenKnown } from './promises.ts';
import { createInputCheck, type InputModes } from './media-types.ts';
import { createPushOperations, type PushPart } from './push-configs.ts';
import { bringsWebhook, type PushDraft, readPush } from './push-draft.ts';
import { readPageToken } from './page-token.ts';
import { createSending } from './send.ts';
import { type AnswersFunction, createStartSend, type OnBusy } from './start-send.ts';
import { createStreamLimits, STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import { createTaskOperations } from './tasks.ts';
import { admitAsked, admitListed, type Tenants } from './tenants.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Our extension: a stream carries event ids, and SubscribeToTask goes on after the one in Last-Event-ID. */
export const RESUMABLE_STREAM = 'urn:express-a2a:resumable-stream:v1';

/** What a service needs. */
export interface ServiceOptions {
  readonly engine: Engine;
  readonly agentId: string;
  readonly card: AdmissionCard & InputModes;
  readonly answers: Answers | AnswersFunction;
  readonly cancelGraceMs: number;
  /** What is left out has its default. */
  readonly limits?: Partial<MessageLimits & StreamLimits>;
  /** Whether parts of a media type that the card does not name are refused. @defaultValue false */
  readonly enforceInputModes?: boolean;
  /** @defaultValue 'queue' */
  readonly onBusy?: OnBusy;
  /** How long a messageId is a key by which a send may be repeated, in ms; 0, the default, for not at all. */
  readonly dedupeWindowMs?: number;
  /** Whether anonymous callers are turned away where the card declares security. @defaultValue true */
  readonly enforceAuth?: boolean;
  /** @defaultValue none */
  readonly tenants?: Tenants;
  readonly extendedCard?: ExtendedCard;
  /** Webhooks. Without it each call about them is refused. */
  readonly push?: PushPart;
}

type Operations = {
  readonly [M in Method]: (params: Methods[M]['params'], context: OperationContext) => Promise<Reply<M>>;
};

const NONE: readonly string[] = [];

/** The operations that hand the application's data about the caller on. */
const DESCRIBED: ReadonlySet<Method> = new Set<Method>([
  'SendMessage',
  'SendStreamingMessage',
  'GetExtendedAgentCard',
]);

/** The eleven operations behind their door (§3.1). */
export function createService(options: ServiceOptions): Service {
  const { engine, agentId, card, answers, cancelGraceMs } = options;
  const { enforceAuth = true, tenants = [], extendedCard, push } = options;
  const isGuarded = requiresOwner(card);
  const { onBusy = 'queue', dedupeWindowMs = 0 } = options;
  const limits = { ...MESSAGE_LIMITS, ...STREAM_LIMITS, ...options.limits };
  const bounded = createStreamLimits(limits);
  const checkModes = options.enforceInputModes === true ? createInputCheck(card) : undefined;
  const cache = createEventItemCache();
  const startOptions = { answers, onBusy, ...(push && { onPush: push.onRegistered }) };
  const sending = createSending(engine, createStartSend(engine, startOptions), cache);
  const tasks = createTaskOperations(engine, { cancelGraceMs, cache });
  const noPush = () => Promise.reject(new PushNotificationNotSupportedError());
  const webhooks = push && createPushOperations(push);
  const operations: Operations = {
    SendMessage: bounded.waiting(sending.sendMessage),
    SendStreamingMessage: bounded.streaming(sending.sendStreamingMessage),
    GetTask: tasks.getTask,
    // where callers should say who they are, those who do not see no list of each other's tasks
    ListTasks: (params, context) =>
      isGuarded && context.scope.owner === null ? noTasks(params, context) : tasks.listTasks(params, context),
    CancelTask: tasks.cancelTask,
    SubscribeToTask: bounded.streaming(tasks.subscribeToTask),
    CreateTaskPushNotificationConfig: webhooks?.create ?? noPush,
    GetTaskPushNotificationConfig: webhooks?.get ?? noPush,
    ListTaskPushNotificationConfigs: webhooks?.list ?? noPush,
    DeleteTaskPushNotificationConfig: webhooks?.delete ?? noPush,
    GetExtendedAgentCard: (_, context) => showExtendedCard(extendedCard, context),
  };
  const declared = new Set(card.capabilities.extensions?.flatMap(({ uri }) => uri ?? []));
  const activeExtensions = (requested: readonly string[]) =>
    requested.length === 0 ? NONE : [...new Set(requested)].filter((uri) => declared.has(uri));

  /** Most of what is asked is known at once, and then not waited for: without a promise for each question. */
  function invoke<M extends Method>(method: M, params: unknown, caller: Caller): Promise<Reply<M>> {
    try {
      return whenKnown(caller.identify(), (owner) => identified(method, params, caller, owner));
    } catch (error) {
      return rejected(error);
    }
  }

  function identified<M extends Method>(
    method: M,
    params: unknown,
    caller: Caller,
    owner: string | null,
  ): Promise<Reply<M>> {
    if (enforceAuth) admitOwner(card, owner);
    if (method === 'GetExtendedAgentCard' && extendedCard?.isPublic === false) demandOwner(card, owner);
    const described = DESCRIBED.has(method) ? caller.describe?.() : undefined;
    return whenKnown(described, (data) => {
      admitExtensions(card, caller.extensions);
      const { dialect } = caller;
      admitCapability(card, method, params, dialect?.hasWebhook);
      const translated = dialect === undefined ? params : dialect.translate(params);
      const checked = readParams(method, translated, limits);
      return whenKnown(tenantOf(checked, caller), (tenant) =>
        placed(method, checked, caller, { agent: agentId, tenant, owner }, data),
      );
    });
  }

  function placed<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    caller: Caller,
    scope: Scope,
    data: Metadata | undefined,
  ): Promise<Reply<M>> {
    const sendKey = keyOf(params, caller);
    const draft = push && bringsWebhook(params) ? pushOf(params, caller, push) : undefined;
    return whenKnown(draft, (known) => {
      checkInput(params);
      const extensions = activeExtensions(caller.extensions);
      // all fields each time, so that contexts have one hidden class
      return operations[method](params, {
        scope,
        signal: caller.signal,
        extensions,
        resumable: extensions.includes(RESUMABLE_STREAM),
        caller: data,
        ask: caller.ask,
        url: caller.url,
        lastEventId: caller.lastEventId,
        traceparent: caller.traceparent,
        openStream: undefined,
        sendKey,
        push: known,
        dialect: caller.dialect?.name,
      });
    });
  }

  function tenantOf(params: Methods[Method]['params'], caller: Caller): string | Promise<string> {
    if (typeof tenants !== 'function') return admitListed(tenants, params);
    const { ask = plainly } = caller;
    return unlessAborted(() => ask(() => admitAsked(tenants, params)), caller.signal);
  }

  function checkInput(params: Methods[Method]['params']): void {
    if ('message' in params) checkModes?.(params.message);
  }

  function keyOf(params: Methods[Method]['params'], { idempotencyKey }: Caller): SendKey | undefined {
    return 'message' in params ? readSendKey(params, idempotencyKey, dedupeWindowMs) : undefined;
  }

  return { invoke, activeExtensions };
}

async function plainly<T>(question: () => T | Promise<T>): Promise<T> {
  return question();
}

async function pushOf(
  params: Methods[Method]['params'],
  { dialect, traceparent, signal }: Caller,
  { refuse }: PushPart,
): Promise<PushDraft | undefined> {
  const origin = { dialect: dialect?.name ?? ('1.0' as const), traceparent };
  return readPush(params, origin, (url) => unlessAborted(() => refuse(url), signal));
}

async function showExtendedCard(
  card: ExtendedCard | undefined,
  { scope, caller, ask = plainly, url, signal }: OperationContext,
): Promise<AgentCard> {
  if (card === undefined || url === undefined) throw new ExtendedAgentCardNotConfiguredError();
  const { owner, tenant } = scope;
  const asked = { owner, tenant, ...(caller && { caller }) };
  return unlessAborted(() => ask(() => card.of(asked, url())), signal);
}

async function noTasks(params: ListTasksRequest, { scope }: OperationContext): Promise<ListTasksResponse> {
  const { pageSize = 50, pageToken = '' } = params;
  if (pageToken !== '') readPageToken(pageToken, scope, params);
  return { tasks: [], nextPageToken: '', pageSize, totalSize: 0 };
}

/**
 * Goes on with a task that waits in AUTH_REQUIRED, now that the credential has come out of band (§7.6.1). False when the
 * task is unknown, of another agent, or does not wait.
 */
export async function resumeTask(
  engine: Engine,
  agentId: string,
  taskId: TaskId,
  data: unknown,
): Promise<boolean> {
  const snapshot = await engine.storage.loadTask(taskId);
  if (snapshot?.scope.agent !== agentId) return false;
  const stored = await engine.storage.addInput(snapshot.scope, taskId, { resume: data });
  if (!stored.ok) return false;
  announce(engine, taskId, stored);
  wake(engine, agentId, taskId);
  return true;
}
