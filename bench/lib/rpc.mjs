// JSON-RPC requests of A2A as ready-to-send HTTP/1.1 bytes; of 1.0, where nothing else is said.
import { randomUUID } from 'node:crypto';

/** Where every server under test is mounted. */
const PATH = '/a2a';

let nextId = 1;

/**
 * @param {string} method
 * @param {object} params
 * @param {string} [version] the header with the version, or nothing
 */
export function rpc(method, params, version = 'A2A-Version: 1.0\r\n') {
  const payload = JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params });
  return Buffer.from(
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${version}` +
      `Accept: application/json, text/event-stream\r\nContent-Length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`,
  );
}

/** @param {string} script */
const userMessage = (script) => ({
  messageId: randomUUID(),
  role: 'ROLE_USER',
  parts: [{ text: script }],
});

/** @param {string} script */
export const sendMessage = (script) => rpc('SendMessage', { message: userMessage(script) });

/**
 * @param {string} script
 * @param {object} [configuration]
 */
export const sendStreamingMessage = (script, configuration) =>
  rpc('SendStreamingMessage', { message: userMessage(script), ...(configuration && { configuration }) });

/**
 * As clients of A2A 0.3 send it, without a header of the version.
 *
 * @param {string} script
 */
export function olderStreamingMessage(script) {
  const message = {
    kind: 'message',
    messageId: randomUUID(),
    role: 'user',
    parts: [{ kind: 'text', text: script }],
  };
  return rpc('message/stream', { message }, '');
}

/** @param {string} id */
export const getTask = (id) => rpc('GetTask', { id });

/** @param {string} id */
export const subscribeToTask = (id) => rpc('SubscribeToTask', { id });

/** Refused by every server: a message has parts. */
export function messageWithoutParts() {
  const { messageId, role } = userMessage('echo');
  return rpc('SendMessage', { message: { messageId, role } });
}

/** Refused by a server that checks: a message has an id. */
export function messageWithoutId() {
  const { role, parts } = userMessage('echo');
  return rpc('SendMessage', { message: { role, parts } });
}
