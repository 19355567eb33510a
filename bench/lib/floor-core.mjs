// The floor: the least work that still gives correct bytes for the benchmark's requests. Unary results are spliced into
// ready JSON text; every event is serialised once, whoever receives it; each stream is a cursor over the task's events,
// advanced only while its socket takes bytes. It validates nothing but what the workloads need, and is no A2A server.
import { randomUUID } from 'node:crypto';
import {
  ARTIFACT_ID,
  ECHO_TEXT,
  chunkText,
  parseScript,
  pause,
  releaseGate,
  waitForGate,
} from './agent-script.mjs';

/**
 * @typedef {import('node:http').ServerResponse} Response
 * @typedef {{ messageId?: unknown, parts?: { text: string }[] }} Message
 */

const ECHO_ARTIFACT = `{"artifactId":"${ARTIFACT_ID}","parts":[{"text":${JSON.stringify(ECHO_TEXT)}}]}`;
const SSE_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache',
  'X-Accel-Buffering': 'no',
};
const NO_PARTS =
  '{"code":-32602,"message":"Invalid params","data":[{"@type":"type.googleapis.com/google.rpc.BadRequest",' +
  '"fieldViolations":[{"field":"message.parts","description":"is required and must not be empty"}]}]}';
const NO_ID = NO_PARTS.replace('message.parts', 'message.messageId');
const NOT_FOUND = '{"code":-32001,"message":"Task not found"}';

/**
 * By id the JSON text of a finished task, or a live one.
 *
 * @type {Map<string, string | Task>}
 */
const tasks = new Map();

class Task {
  /** @param {Message} message */
  constructor(message) {
    this.id = randomUUID();
    this.contextId = randomUUID();
    this.history = historyJson(message, this.id, this.contextId);
    this.status = statusJson('TASK_STATE_SUBMITTED');
    /** @type {{ text: string }[]} */
    this.parts = [];
    /** @type {object[]} */
    this.events = [];
    // the JSON text of the newest event only
    this.newestJson = '';
    /** @type {Set<Stream>} */
    this.streams = new Set();
    this.ended = false;
  }

  snapshot() {
    const artifacts = this.parts.length
      ? `,"artifacts":[{"artifactId":"${ARTIFACT_ID}","parts":${JSON.stringify(this.parts)}}]`
      : '';
    return `{"id":"${this.id}","contextId":"${this.contextId}","status":${this.status}${artifacts},"history":${this.history}}`;
  }

  /** @param {object} event */
  emit(event) {
    this.events.push(event);
    this.newestJson = JSON.stringify(event);
    for (const stream of this.streams) stream.advance();
  }

  /** @param {number} index */
  json(index) {
    return index === this.events.length - 1 ? this.newestJson : JSON.stringify(this.events[index]);
  }

  /** @param {string} state */
  setStatus(state) {
    const timestamp = now();
    this.status = `{"state":"${state}","timestamp":"${timestamp}"}`;
    this.emit({
      statusUpdate: { taskId: this.id, contextId: this.contextId, status: { state, timestamp } },
    });
  }

  /**
   * @param {{ text: string }} part
   * @param {boolean} append
   * @param {boolean} lastChunk
   */
  appendChunk(part, append, lastChunk) {
    this.parts.push(part);
    const artifact = { artifactId: ARTIFACT_ID, parts: [part] };
    this.emit({
      artifactUpdate: { taskId: this.id, contextId: this.contextId, artifact, append, lastChunk },
    });
  }

  /** @param {string} state */
  end(state) {
    this.ended = true;
    this.setStatus(state);
  }
}

class Stream {
  /**
   * @param {Task} task
   * @param {Response} response
   * @param {unknown} rpcId
   * @param {number} next
   */
  constructor(task, response, rpcId, next) {
    this.task = task;
    this.response = response;
    this.next = next;
    this.blocked = false;
    this.left = false;
    this.prefix = `data: {"jsonrpc":"2.0","id":${JSON.stringify(rpcId)},"result":`;
    response.writeHead(200, SSE_HEADERS);
    response.on('drain', () => {
      this.blocked = false;
      this.advance();
    });
    response.on('close', () => this.leave());
    task.streams.add(this);
  }

  /** @param {string} json */
  write(json) {
    this.blocked = !this.response.write(`${this.prefix}${json}}\n\n`);
  }

  advance() {
    const { task } = this;
    while (!this.blocked && this.next < task.events.length) this.write(task.json(this.next++));
    if (!task.ended || this.next < task.events.length || this.left) return;
    this.leave();
    this.response.end();
  }

  leave() {
    this.left = true;
    this.task.streams.delete(this);
  }
}

const now = () => new Date().toISOString();

/** @param {string} state */
const statusJson = (state) => `{"state":"${state}","timestamp":"${now()}"}`;

/**
 * @param {Message} message
 * @param {string} taskId
 * @param {string} contextId
 */
const historyJson = (message, taskId, contextId) => `[${JSON.stringify({ ...message, taskId, contextId })}]`;

/** @param {Message} message */
const scriptOf = (message) => parseScript(message.parts?.[0]?.text ?? 'echo');

/**
 * @param {Task} task
 * @param {import('./agent-script.mjs').Script} script
 */
async function runAgent(task, script) {
  if (script.kind === 'hold') return task.setStatus('TASK_STATE_WORKING');
  if (script.kind === 'chunks' || script.kind === 'burst') {
    task.setStatus('TASK_STATE_WORKING');
    if (script.gated) await waitForGate();
    for (let i = 0; i < script.count; i++) {
      task.appendChunk({ text: chunkText(i, script.bytes) }, i > 0, i === script.count - 1);
      await pause(script);
    }
  } else {
    if (script.kind === 'go') releaseGate();
    task.appendChunk({ text: ECHO_TEXT }, false, true);
  }
  task.end('TASK_STATE_COMPLETED');
}

/** @param {Message} message */
function echo(message) {
  const id = randomUUID();
  const contextId = randomUUID();
  const status = statusJson('TASK_STATE_COMPLETED');
  const history = historyJson(message, id, contextId);
  const json = `{"id":"${id}","contextId":"${contextId}","status":${status},"artifacts":[${ECHO_ARTIFACT}],"history":${history}}`;
  tasks.set(id, json);
  return json;
}

/**
 * @param {Response} response
 * @param {unknown} id
 * @param {'result' | 'error'} member
 * @param {string} json
 */
function sendJson(response, id, member, json) {
  const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"${member}":${json}}`;
  const type = 'application/json; charset=utf-8';
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** @param {Message} message */
function invalid(message) {
  if (!Array.isArray(message?.parts) || message.parts.length === 0) return NO_PARTS;
  return typeof message.messageId === 'string' ? undefined : NO_ID;
}

/**
 * Answers one parsed JSON-RPC request.
 *
 * @param {{ id: unknown, method: string, params: { id: string, message: Message } }} request
 * @param {Response} response
 */
export function answer({ id, method, params }, response) {
  if (method === 'GetTask') {
    const task = tasks.get(params.id);
    if (task === undefined) return sendJson(response, id, 'error', NOT_FOUND);
    return sendJson(response, id, 'result', typeof task === 'string' ? task : task.snapshot());
  }
  if (method === 'SubscribeToTask') {
    const task = tasks.get(params.id);
    if (!(task instanceof Task) || task.ended) return sendJson(response, id, 'error', NOT_FOUND);
    new Stream(task, response, id, task.events.length).write(`{"task":${task.snapshot()}}`);
    return;
  }
  const { message } = params;
  const error = invalid(message);
  if (error !== undefined) return sendJson(response, id, 'error', error);
  if (method === 'SendMessage') {
    if (scriptOf(message).kind === 'go') releaseGate();
    return sendJson(response, id, 'result', `{"task":${echo(message)}}`);
  }
  const task = new Task(message);
  tasks.set(task.id, task);
  new Stream(task, response, id, 0).write(`{"task":${task.snapshot()}}`);
  void runAgent(task, scriptOf(message));
}
