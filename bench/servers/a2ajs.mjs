// The official SDK (@a2a-js/sdk) as its documentation wires it up: Express 5, in-memory store, no authentication.
import { TaskState } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import {
  ARTIFACT_ID,
  ECHO_TEXT,
  chunkText,
  parseScript,
  pause,
  releaseGate,
  waitForGate,
} from '../lib/agent-script.mjs';
import { listen } from '../lib/listen.mjs';

// it logs through console only
console.log = console.info = console.warn = console.error = () => {};

/** @typedef {import('@a2a-js/sdk/server').ExecutionEventBus} Bus */

const agentCard = {
  name: 'Benchmark',
  description: 'Runs benchmark scripts',
  version: '1.0.0',
  supportedInterfaces: [
    {
      url: `http://127.0.0.1:${process.env['PORT']}/a2a`,
      protocolBinding: 'JSONRPC',
      tenant: '',
      protocolVersion: '1.0',
    },
  ],
  provider: undefined,
  capabilities: { streaming: true, pushNotifications: false, extensions: [], extendedAgentCard: false },
  securitySchemes: {},
  securityRequirements: [],
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
  signatures: [],
};

/** @param {TaskState} state */
const status = (state) => ({ state, message: undefined, timestamp: new Date().toISOString() });

/**
 * @param {string} taskId
 * @param {string} contextId
 * @param {string} text
 * @param {boolean} append
 * @param {boolean} lastChunk
 */
function artifactUpdate(taskId, contextId, text, append, lastChunk) {
  const part = {
    content: { $case: /** @type {const} */ ('text'), value: text },
    metadata: undefined,
    filename: '',
    mediaType: '',
  };
  return AgentEvent.artifactUpdate({
    ...{ taskId, contextId, append, lastChunk, metadata: undefined },
    artifact: {
      ...{ artifactId: ARTIFACT_ID, name: '', description: '', parts: [part] },
      ...{ metadata: undefined, extensions: [] },
    },
  });
}

/**
 * @param {string} taskId
 * @param {string} contextId
 * @param {TaskState} state
 */
function statusUpdate(taskId, contextId, state) {
  return AgentEvent.statusUpdate({ taskId, contextId, metadata: undefined, status: status(state) });
}

class ScriptedExecutor {
  /** @type {Map<string, () => void>} */
  #holding = new Map();

  /**
   * @param {import('@a2a-js/sdk/server').RequestContext} context
   * @param {Bus} bus
   */
  async execute({ taskId, contextId, userMessage }, bus) {
    const content = userMessage.parts[0]?.content;
    const script = parseScript(content?.$case === 'text' ? content.value : 'echo');
    bus.publish(
      AgentEvent.task({
        ...{ id: taskId, contextId, artifacts: [], history: [userMessage], metadata: undefined },
        status: status(TaskState.TASK_STATE_SUBMITTED),
      }),
    );
    if (script.kind === 'chunks' || script.kind === 'burst') {
      bus.publish(statusUpdate(taskId, contextId, TaskState.TASK_STATE_WORKING));
      if (script.gated) await waitForGate();
      for (let i = 0; i < script.count; i++) {
        const isLast = i === script.count - 1;
        bus.publish(artifactUpdate(taskId, contextId, chunkText(i, script.bytes), i > 0, isLast));
        await pause(script);
      }
    } else if (script.kind === 'hold') {
      bus.publish(statusUpdate(taskId, contextId, TaskState.TASK_STATE_WORKING));
      await new Promise((resolve) => this.#holding.set(taskId, () => resolve(undefined)));
      return;
    } else {
      if (script.kind === 'go') releaseGate();
      bus.publish(artifactUpdate(taskId, contextId, ECHO_TEXT, false, true));
    }
    bus.publish(statusUpdate(taskId, contextId, TaskState.TASK_STATE_COMPLETED));
  }

  /** @param {string} taskId */
  async cancelTask(taskId) {
    this.#holding.get(taskId)?.();
    this.#holding.delete(taskId);
  }
}

const requestHandler = new DefaultRequestHandler(agentCard, new InMemoryTaskStore(), new ScriptedExecutor());
const app = express();
app.use('/a2a', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
listen(app);
