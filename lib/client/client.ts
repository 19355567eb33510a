import type {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  Methods,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '../protocol/v1.ts';
import { capabilitiesOf, requireCapability, requireForSend } from './capabilities.ts';
import { type FoundCard, readCard, readCardObject } from './card.ts';
import { type Connection, connectTo } from './connection.ts';
import { follow, type FollowPlan } from './follow.ts';
import type { SpokenInterface } from './interfaces.ts';
import { type Content, type SendOptions, toRequest } from './message.ts';
import { type CallOptions, type ClientOptions, type Settings, settingsOf } from './options.ts';
import { repeatWhileUnknown } from './repeat.ts';
import { createEventStream, type EventStream } from './stream.ts';
import type { UnaryMethod } from './transport.ts';

/**
 * A client of one agent. Calls reject with an A2AError for what the agent answered, with a ClientError for what came in
 * between, and with the reason of a signal that was aborted. What the card does not declare is refused before it is sent.
 */
export class A2AClient {
  readonly #settings: Settings;
  readonly #source: string | URL | AgentCard;
  #card: AgentCard;
  #connection: Connection;

  private constructor(source: string | URL | AgentCard, found: FoundCard, settings: Settings) {
    this.#source = source;
    this.#settings = settings;
    this.#card = found.card;
    this.#connection = connectTo(found, settings);
  }

  /**
   * Reads the card of an agent and picks the interface to call: the newest version that both sides know, else the order of
   * the card. `source` is a URL of the agent (its card is looked for below the path, then at the origin), the URL of a
   * card, or a card. Rejects with a CardError, a NoInterfaceError, a ConnectionError or a TimeoutError.
   */
  static async connect(source: string | URL | AgentCard, options: ClientOptions = {}): Promise<A2AClient> {
    const settings = settingsOf(options);
    return new A2AClient(source, await find(source, settings), settings);
  }

  /** The card of the agent; the extended one after `getExtendedCard`. */
  get card(): AgentCard {
    return this.#card;
  }

  /** The interface that calls go to. */
  get interface(): SpokenInterface {
    return this.#connection.active();
  }

  /** Reads the card again, unless its caching headers say that it is still good, and goes by it from now on. */
  async refreshCard(options: CallOptions = {}): Promise<AgentCard> {
    const found = await find(this.#source, this.#settings, options.signal);
    this.#connection = connectTo(found, this.#settings);
    this.#card = found.card;
    return found.card;
  }

  /**
   * Sends a message and waits for a task that has ended or waits, or for a Message (§3.1.1). Repeated after a lost
   * connection only with an `idempotencyKey`.
   */
  async send(content: Content, options: SendOptions = {}): Promise<SendMessageResponse> {
    return this.#send(toRequest(content, options), options);
  }

  /**
   * Sends a message and follows what becomes of it (§3.1.2), also over connections that break. Ends with the task, with a
   * Message, or when the agent asks for input. Without streaming on the agent's side the one event is its answer.
   */
  stream(content: Content, options: SendOptions = {}): EventStream {
    const request = toRequest(content, options);
    return this.#events(options, (signal) =>
      capabilitiesOf(this.#card).streaming === true
        ? follow(this.#sendPlan(request, options, signal))
        : only(() => this.#send(request, { ...options, signal })),
    );
  }

  /** Follows a task from now on to its end (§3.1.6): the task as it is, then every event. */
  subscribe(task: string | SubscribeToTaskRequest, options: CallOptions = {}): EventStream {
    const { id } = named(task);
    return this.#events(options, (signal) => follow(this.#subscribePlan(id, signal)));
  }

  /** The task as it is (§3.1.3). */
  async getTask(task: string | GetTaskRequest, options: CallOptions = {}): Promise<Task> {
    return this.#call('GetTask', named(task), options);
  }

  /** One page of the tasks that the caller may see, newest first (§3.1.4); `pageToken` of the next is `nextPageToken`. */
  async listTasks(query: ListTasksRequest = {}, options: CallOptions = {}): Promise<ListTasksResponse> {
    const page: Partial<ListTasksResponse> = await this.#call('ListTasks', query, options);
    // servers that write as protobuf does leave out what is empty or zero
    const { tasks = [], nextPageToken = '', totalSize = tasks.length } = page;
    return { tasks, nextPageToken, pageSize: page.pageSize ?? query.pageSize ?? 50, totalSize };
  }

  /** Asks the agent to stop (§3.1.5); the task as it is then. */
  async cancelTask(task: string | CancelTaskRequest, options: CallOptions = {}): Promise<Task> {
    return this.#call('CancelTask', named(task), options);
  }

  /** Registers a webhook for a task (§3.1.7). */
  async createPushConfig(
    config: TaskPushNotificationConfig,
    options: CallOptions = {},
  ): Promise<TaskPushNotificationConfig> {
    return this.#call('CreateTaskPushNotificationConfig', config, options);
  }

  /** A webhook of a task (§3.1.8). */
  async getPushConfig(
    config: GetTaskPushNotificationConfigRequest,
    options: CallOptions = {},
  ): Promise<TaskPushNotificationConfig> {
    return this.#call('GetTaskPushNotificationConfig', config, options);
  }

  /** The webhooks of a task (§3.1.9). */
  async listPushConfigs(
    query: ListTaskPushNotificationConfigsRequest,
    options: CallOptions = {},
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    const { configs = [], ...page } = await this.#call('ListTaskPushNotificationConfigs', query, options);
    return { configs, ...page };
  }

  /** Removes a webhook (§3.1.10). */
  async deletePushConfig(
    config: DeleteTaskPushNotificationConfigRequest,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#call('DeleteTaskPushNotificationConfig', config, options);
  }

  /** Reads the card for those who have authenticated (§3.1.11); it replaces the card of this client, and its interfaces. */
  async getExtendedCard(options: CallOptions = {}): Promise<AgentCard> {
    const card = await this.#call('GetExtendedAgentCard', {}, options);
    const { url } = this.interface;
    const found = { card: await readCardObject(card, url, this.#settings), url };
    this.#connection = connectTo(found, this.#settings);
    this.#card = found.card;
    return found.card;
  }

  #call<M extends UnaryMethod>(
    method: M,
    params: Methods[M]['params'],
    { signal }: CallOptions,
  ): Promise<Methods[M]['result']> {
    requireCapability(this.#card, method);
    return this.#connection.send(method, params, { signal });
  }

  async #send(request: SendMessageRequest, options: SendOptions): Promise<SendMessageResponse> {
    requireForSend(this.#card, request);
    const { signal, idempotencyKey } = options;
    const headers = idempotencyHeaders(options);
    const once = () => this.#connection.send('SendMessage', request, { signal, headers });
    if (idempotencyKey === undefined || this.#settings.resume === false) return once();
    const { resume = {}, hub } = this.#settings;
    return repeatWhileUnknown(once, resume, hub, [this.#settings.signal, signal]);
  }

  #events(
    { signal }: CallOptions,
    source: (signal: AbortSignal) => AsyncGenerator<StreamResponse>,
  ): EventStream {
    return createEventStream(source, this.#settings.hub, [this.#settings.signal, signal]);
  }

  #sendPlan(request: SendMessageRequest, options: SendOptions, signal: AbortSignal): FollowPlan {
    requireForSend(this.#card, request);
    const headers = idempotencyHeaders(options);
    return {
      ...this.#plan(signal),
      begin: () => this.#connection.stream('SendStreamingMessage', request, { signal, headers }),
      isRepeatable: options.idempotencyKey !== undefined,
      taskId: undefined,
    };
  }

  #subscribePlan(id: string, signal: AbortSignal): FollowPlan {
    requireCapability(this.#card, 'SubscribeToTask');
    const plan = this.#plan(signal);
    return { ...plan, begin: () => plan.resubscribe(id, undefined), isRepeatable: true, taskId: id };
  }

  #plan(signal: AbortSignal): Omit<FollowPlan, 'begin' | 'isRepeatable' | 'taskId'> {
    const connection = this.#connection;
    return {
      signal,
      resubscribe: (id, cursor) => connection.stream('SubscribeToTask', { id }, { signal, cursor }),
      getTask: (id) => connection.send('GetTask', { id }, { signal }),
      resume: this.#settings.resume ?? {},
      onBreak: this.#settings.onBreak,
    };
  }
}

async function find(
  source: string | URL | AgentCard,
  settings: Settings,
  signal?: AbortSignal,
): Promise<FoundCard> {
  if (typeof source === 'string' || source instanceof URL) return readCard(source, settings, signal);
  return { card: await readCardObject(source, 'the object given', settings), url: undefined };
}

function named<P extends { id: string }>(task: string | P): P | { id: string } {
  return typeof task === 'string' ? { id: task } : task;
}

function idempotencyHeaders({ idempotencyKey }: SendOptions): Record<string, string> {
  return idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
}

async function* only(send: () => Promise<SendMessageResponse>): AsyncGenerator<StreamResponse> {
  yield await send();
}
