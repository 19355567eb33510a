import { randomUUID } from 'node:crypto';
import type { Method } from '../core/call.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Metadata, TaskId } from '../core/log.ts';
import type { Agent } from '../core/output.ts';
import type { Draft } from '../core/turn.ts';
import type {
  ListTasksRequest,
  ListTasksResponse,
  Message,
  Methods,
  SendMessageConfiguration,
  SendMessageRequest,
  Task,
} from '../protocol/v1.ts';
import { asReceived, type CallOptions, createTestHost, type TestAgentOptions } from './test-host.ts';
import { createTestStream, type TestStream } from './test-stream.ts';

export type { CallOptions, TestAgentOptions } from './test-host.ts';

/** How a message is sent. */
export interface SendOptions extends CallOptions, SendMessageConfiguration {
  /** The task that the message belongs to; left out, a new one begins. */
  readonly taskId?: string;
  readonly contextId?: string;
  /** Of the request, beside that of the message. */
  readonly metadata?: Metadata;
}

/** An agent on the real engine, without a port. Errors are thrown as clients see them: as A2AError, ours and the agent's without their text. */
export interface TestAgent {
  /** SendMessage: gives the task when it has ended or waits for its client, or at once with `returnImmediately`. */
  readonly send: (content: Draft, options?: SendOptions) => Promise<Task>;
  /** SendMessage to an agent that answers with one bare Message. */
  readonly ask: (content: Draft, options?: SendOptions) => Promise<Message>;
  /** SendStreamingMessage. It is sent at once; an error comes with the first event asked for. */
  readonly stream: (content: Draft, options?: SendOptions) => TestStream;
  /** SubscribeToTask: the task as it is, then every event after it. */
  readonly subscribe: (taskId: TaskId, options?: CallOptions) => TestStream;
  readonly get: (taskId: TaskId, options?: CallOptions & { historyLength?: number }) => Promise<Task>;
  readonly list: (params?: ListTasksRequest, options?: CallOptions) => Promise<ListTasksResponse>;
  /** CancelTask: gives the task when it has ended. */
  readonly cancel: (taskId: TaskId, options?: CallOptions & { metadata?: Metadata }) => Promise<Task>;
  /** Any operation that does not stream, with parameters as they are on the wire. */
  readonly call: <M extends UnaryMethod>(
    method: M,
    params: unknown,
    options?: CallOptions,
  ) => Promise<Methods[M]['result']>;
  /** As `a2a.resume`: goes on with a task that waits in AUTH_REQUIRED. */
  readonly resume: (taskId: TaskId, data?: unknown) => Promise<boolean>;
  /** What `onError` would have been told, oldest first: errors that clients see only as an error id. */
  readonly errors: readonly TestAgentError[];
  /** Ends calls and streams, aborts the agent's runs with 'shutdown', and waits for them. Closing twice is fine. */
  readonly close: () => Promise<void>;
}

/** An error of the agent, or of ours. */
export interface TestAgentError {
  readonly error: unknown;
  readonly info: ErrorInfo;
}

/** An operation that is answered once. */
export type UnaryMethod = { [M in Method]: Methods[M]['stream'] extends true ? never : M }[Method];

/**
 * Runs an agent as `a2aRouter` does, in this process and without HTTP, for tests of agents. `close` it.
 *
 * Everything is real but the socket: parameters are checked, tasks stored in memory, runs held by a worker, streams fed
 * from the log. Results are JSON of their own. Throws a ConfigError for options that can not work.
 * @example
 * const agent = createTestAgent(myAgent);
 * const task = await agent.send('hello');
 * expect([task.status.state, textOf(task)]).toEqual(['TASK_STATE_COMPLETED', 'Hello!']);
 * await agent.close();
 */
export function createTestAgent(agent: Agent, options: TestAgentOptions = {}): TestAgent {
  const errors: TestAgentError[] = [];
  const host = createTestHost(agent, options, (error, info) => {
    errors.push({ error, info });
  });
  const { invoke } = host;

  async function call<M extends UnaryMethod>(
    method: M,
    params: unknown,
    from: CallOptions = {},
  ): Promise<Methods[M]['result']> {
    const reply = await invoke(method, params, from, from.signal ?? new AbortController().signal);
    return asReceived(reply) as Methods[M]['result']; // what this method gives, as it does not stream
  }

  function open(
    method: 'SendStreamingMessage' | 'SubscribeToTask',
    params: unknown,
    from: CallOptions,
  ): TestStream {
    return createTestStream((signal) => invoke(method, params, from, signal), {
      ...(from.signal && { signal: from.signal }),
      receive: asReceived,
      mask: host.mask,
    });
  }

  return {
    async send(content, given = {}) {
      const { task } = await call('SendMessage', sendRequest(content, given), given);
      if (task === undefined) throw new TypeError('The agent answered with a message: use `ask`');
      return task;
    },
    async ask(content, given = {}) {
      const { message } = await call('SendMessage', sendRequest(content, given), given);
      if (message === undefined) throw new TypeError('The agent answered with a task: use `send`');
      return message;
    },
    stream: (content, given = {}) => open('SendStreamingMessage', sendRequest(content, given), given),
    subscribe: (id, given = {}) => open('SubscribeToTask', { id }, given),
    get: (id, { historyLength, ...from } = {}) =>
      call('GetTask', { id, ...(historyLength !== undefined && { historyLength }) }, from),
    list: (params = {}, from = {}) => call('ListTasks', params, from),
    cancel: (id, { metadata, ...from } = {}) =>
      call('CancelTask', { id, ...(metadata && { metadata }) }, from),
    ...{ call, errors },
    resume: host.resume,
    close: host.close,
  };
}

function sendRequest(content: Draft, options: SendOptions): SendMessageRequest {
  const { taskId, contextId, metadata, owner: _, extensions: __, signal: ___, ...configuration } = options;
  const draft: Partial<Message> =
    typeof content === 'string'
      ? { parts: [{ text: content }] }
      : 'parts' in content
        ? content
        : { parts: [...content] };
  return {
    message: {
      ...{ messageId: randomUUID(), role: 'ROLE_USER', parts: [] },
      ...(taskId !== undefined && { taskId }),
      ...(contextId !== undefined && { contextId }),
      ...draft,
    },
    ...(Object.keys(configuration).length > 0 && { configuration }),
    ...(metadata && { metadata }),
  };
}
