import {
  PushNotificationNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
} from '../protocol/errors.ts';
import type { Methods } from '../protocol/v1.ts';
import { admitCapability, admitExtensions, type AdmissionCard, admitOwner, readParams } from './admission.ts';
import type { Caller, Method, Reply, Service } from './call.ts';
import { announce, type Engine, type OperationContext, wake } from './engine.ts';
import { createEventItemCache } from './event-items.ts';
import type { Answers, TaskId } from './log.ts';
import { readSendKey, type SendKey } from './idempotency.ts';
import { createSending } from './send.ts';
import { type AnswersFunction, createStartSend } from './start-send.ts';
import { createTaskOperations } from './tasks.ts';

/** Our extension: a stream carries event ids, and SubscribeToTask goes on after the one in Last-Event-ID. */
export const RESUMABLE_STREAM = 'urn:express-a2a:resumable-stream:v1';

/** What a service needs. */
export interface ServiceOptions {
  readonly engine: Engine;
  readonly agentId: string;
  readonly card: AdmissionCard;
  readonly answers: Answers | AnswersFunction;
  readonly cancelGraceMs: number;
  /** How long a messageId is a key by which a send may be repeated, in ms; 0, the default, for not at all. */
  readonly dedupeWindowMs?: number;
}

type Operations = {
  readonly [M in Method]: (params: Methods[M]['params'], context: OperationContext) => Promise<Reply<M>>;
};

/** The eleven operations behind their door (§3.1). */
export function createService(options: ServiceOptions): Service {
  const { engine, agentId, card, answers, cancelGraceMs, dedupeWindowMs = 0 } = options;
  const cache = createEventItemCache();
  const sending = createSending(engine, createStartSend(engine, { answers }), cache);
  const tasks = createTaskOperations(engine, { cancelGraceMs, cache });
  const noPush = () => Promise.reject(new PushNotificationNotSupportedError());
  const operations: Operations = {
    SendMessage: sending.sendMessage,
    SendStreamingMessage: sending.sendStreamingMessage,
    GetTask: tasks.getTask,
    ListTasks: tasks.listTasks,
    CancelTask: tasks.cancelTask,
    SubscribeToTask: tasks.subscribeToTask,
    CreateTaskPushNotificationConfig: noPush,
    GetTaskPushNotificationConfig: noPush,
    ListTaskPushNotificationConfigs: noPush,
    DeleteTaskPushNotificationConfig: noPush,
    GetExtendedAgentCard: () => Promise.reject(new ExtendedAgentCardNotConfiguredError()),
  };
  const declared = new Set(card.capabilities.extensions?.flatMap(({ uri }) => uri ?? []));
  const activeExtensions = (requested: readonly string[]) =>
    [...new Set(requested)].filter((uri) => declared.has(uri));

  async function invoke<M extends Method>(method: M, params: unknown, caller: Caller): Promise<Reply<M>> {
    const owner = await caller.identify();
    admitOwner(card, owner);
    admitExtensions(card, caller.extensions);
    admitCapability(card, method, params);
    const checked = readParams(method, params);
    const sendKey = keyOf(checked, caller);
    const extensions = activeExtensions(caller.extensions);
    const { lastEventId, traceparent, signal } = caller;
    return operations[method](checked, {
      scope: { agent: agentId, tenant: '', owner },
      signal,
      extensions,
      resumable: extensions.includes(RESUMABLE_STREAM),
      ...(lastEventId !== undefined && { lastEventId }),
      ...(traceparent !== undefined && { traceparent }),
      ...(sendKey && { sendKey }),
    });
  }

  function keyOf(params: Methods[Method]['params'], { idempotencyKey }: Caller): SendKey | undefined {
    return 'message' in params ? readSendKey(params, idempotencyKey, dedupeWindowMs) : undefined;
  }

  return { invoke, activeExtensions };
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
