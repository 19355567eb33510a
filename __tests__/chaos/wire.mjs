import { request } from 'node:http';
import { createParser } from 'eventsource-parser';

/**
 * @typedef {{ id?: string, event: import('express-a2a').StreamResponse }} Taken an event as it came
 * @typedef {{ result?: unknown, error?: { code: number, message: string }, isWhole: boolean }} Outcome what became of a call:
 *   its answer, or whether its stream came to a proper end
 */

/** Silence after which a connection is given up; front-ends give signs of life three times as often. */
export const IDLE_MS = 3000;
const EXTENSION = 'urn:express-a2a:resumable-stream:v1';

/**
 * One JSON-RPC call over a connection of its own. Knows nothing of what should come: every event is handed on.
 *
 * @param {number} port
 * @param {string} method
 * @param {unknown} params
 * @param {{ headers?: Record<string, string>, onEvent?: (taken: Taken) => void }} options
 * @returns {Promise<Outcome>}
 */
export function callWire(port, method, params, { headers = {}, onEvent = () => undefined } = {}) {
  return new Promise((resolve) => {
    /** @type {Outcome} */
    const outcome = { isWhole: false };
    const req = request({
      ...{ host: '127.0.0.1', port, path: '/a2a', method: 'POST', agent: false, timeout: IDLE_MS },
      headers: {
        'Content-Type': 'application/json',
        'A2A-Version': '1.0',
        'A2A-Extensions': EXTENSION,
        ...headers,
      },
    });
    const end = () => {
      resolve(outcome);
    };
    req.on('timeout', () => req.destroy());
    req.on('error', end);
    req.on('close', end);
    req.on('response', (res) => {
      res.setEncoding('utf8');
      res.on('error', end);
      res.on('end', () => (outcome.isWhole = res.complete));
      if (res.headers['content-type'] === 'text/event-stream') readEvents(res, outcome, onEvent);
      else readAnswer(res, outcome);
    });
    req.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  });
}

/**
 * @param {import('node:http').IncomingMessage} res
 * @param {Outcome} outcome
 * @param {(taken: Taken) => void} onEvent
 */
function readEvents(res, outcome, onEvent) {
  const parser = createParser({
    onEvent({ id, data }) {
      const { result, error } = JSON.parse(data);
      if (error !== undefined) outcome.error = error;
      else onEvent({ ...(id !== undefined && { id }), event: result });
    },
  });
  res.on('data', (text) => {
    parser.feed(text);
  });
}

/**
 * @param {import('node:http').IncomingMessage} res
 * @param {Outcome} outcome
 */
function readAnswer(res, outcome) {
  let body = '';
  res.on('data', (text) => (body += text));
  res.on('end', () => {
    if (res.complete) Object.assign(outcome, JSON.parse(body));
  });
}
