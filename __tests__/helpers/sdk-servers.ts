import { TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
} from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import * as older from 'a2a-js-sdk-03/server';
import * as olderExpress from 'a2a-js-sdk-03/server/express';
import { serve, type Served } from './serve.ts';

/** Agents that hold a task at `slow` until it is canceled, ask at `ask`, and else say what they heard. */
interface Held {
  readonly hold: (taskId: string) => Promise<void>;
  readonly release: (taskId: string) => void;
}

function held(): Held {
  const waiting = new Map<string, () => void>();
  return {
    hold: (taskId) => new Promise((resolve) => waiting.set(taskId, resolve)),
    release: (taskId) => waiting.get(taskId)?.(),
  };
}

const now = () => new Date().toISOString();
const COMMON = {
  name: 'Sdk',
  description: 'Of the SDK',
  version: '1.0.0',
  defaultInputModes: ['text'],
  defaultOutputModes: ['text'],
};

/** The server of @a2a-js/sdk 1.3. */
export async function sdkServer(): Promise<Served> {
  const { hold, release } = held();
  const status = (state: TaskState) => ({ state, message: undefined, timestamp: now() });
  const executor: AgentExecutor = {
    async execute({ taskId, contextId, userMessage, task }, bus) {
      const content = userMessage.parts[0]?.content;
      const text = content?.$case === 'text' ? content.value : '';
      const update = (state: TaskState) =>
        AgentEvent.statusUpdate({ taskId, contextId, metadata: undefined, status: status(state) });
      if (task === undefined) {
        const fresh = { id: taskId, contextId, artifacts: [], history: [userMessage], metadata: undefined };
        bus.publish(AgentEvent.task({ ...fresh, status: status(TaskState.TASK_STATE_SUBMITTED) }));
      }
      if (text === 'ask') bus.publish(update(TaskState.TASK_STATE_INPUT_REQUIRED));
      else if (text === 'slow') {
        bus.publish(update(TaskState.TASK_STATE_WORKING));
        await hold(taskId);
        bus.publish(update(TaskState.TASK_STATE_CANCELED));
      } else {
        const part = {
          content: { $case: 'text' as const, value: `said ${text}` },
          metadata: undefined,
          filename: '',
          mediaType: '',
        };
        const artifact = {
          artifactId: 'a',
          name: '',
          description: '',
          parts: [part],
          metadata: undefined,
          extensions: [],
        };
        bus.publish(
          AgentEvent.artifactUpdate({
            taskId,
            contextId,
            artifact,
            append: false,
            lastChunk: true,
            metadata: undefined,
          }),
        );
        bus.publish(update(TaskState.TASK_STATE_COMPLETED));
      }
    },
    async cancelTask(taskId) {
      release(taskId);
    },
  };
  return serveAt((url) => {
    const card = {
      ...COMMON,
      ...{ provider: undefined, securitySchemes: {}, securityRequirements: [], skills: [], signatures: [] },
      supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' }],
      capabilities: { streaming: true, pushNotifications: true, extensions: [], extendedAgentCard: true },
    };
    const push = new InMemoryPushNotificationStore();
    const requestHandler = new DefaultRequestHandler(
      card,
      new InMemoryTaskStore(),
      executor,
      undefined,
      push,
      new DefaultPushNotificationSender(push),
      async () => ({ ...card, description: 'Extended' }),
    );
    return (app) => {
      app.use('/a2a/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
      app.use('/a2a', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    };
  });
}

/** The server of @a2a-js/sdk 0.3. */
export async function olderSdkServer(): Promise<Served> {
  const { hold, release } = held();
  const executor: older.AgentExecutor = {
    async execute({ taskId, contextId, userMessage, task }, bus) {
      const [part] = userMessage.parts;
      const text = part?.kind === 'text' ? part.text : '';
      type State = 'submitted' | 'working' | 'input-required' | 'completed' | 'canceled';
      const update = (state: State) => {
        const final = state !== 'working';
        bus.publish({ kind: 'status-update', taskId, contextId, status: { state, timestamp: now() }, final });
      };
      if (task === undefined) {
        const status = { state: 'submitted' as const, timestamp: now() };
        bus.publish({ kind: 'task', id: taskId, contextId, status, history: [userMessage] });
      }
      if (text === 'ask') update('input-required');
      else if (text === 'slow') {
        update('working');
        await hold(taskId);
        update('canceled');
      } else {
        const artifact = { artifactId: 'a', parts: [{ kind: 'text' as const, text: `said ${text}` }] };
        bus.publish({ kind: 'artifact-update', taskId, contextId, artifact });
        update('completed');
      }
      bus.finished();
    },
    async cancelTask(taskId) {
      release(taskId);
    },
  };
  return serveAt((url) => {
    const card = {
      ...COMMON,
      ...{ protocolVersion: '0.3.0', url, skills: [], supportsAuthenticatedExtendedCard: true },
      capabilities: { streaming: true, pushNotifications: true },
    };
    const push = new older.InMemoryPushNotificationStore();
    const requestHandler = new older.DefaultRequestHandler(
      card,
      new older.InMemoryTaskStore(),
      executor,
      undefined,
      push,
      new older.DefaultPushNotificationSender(push),
      async () => ({ ...card, description: 'Extended' }),
    );
    const { UserBuilder: Users } = olderExpress;
    return (app) => {
      app.use(
        '/a2a/.well-known/agent-card.json',
        olderExpress.agentCardHandler({ agentCardProvider: requestHandler }),
      );
      app.use('/a2a', olderExpress.jsonRpcHandler({ requestHandler, userBuilder: Users.noAuthentication }));
    };
  });
}

/** A card names its port, which is known only when the server listens: the agent is mounted then. */
async function serveAt(mount: (url: string) => Parameters<typeof serve>[0]): Promise<Served> {
  let app: Parameters<Parameters<typeof serve>[0]>[0] | undefined;
  const served = await serve((fresh) => {
    app = fresh;
  });
  if (app !== undefined) mount(`${served.origin}/a2a`)(app);
  return served;
}
