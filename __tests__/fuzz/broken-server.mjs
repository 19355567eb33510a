// The server of the fuzz with a fault, named by BROKEN, in every fifth piece of an answer that can have it: shows whether the fuzz would see it.
import { ServerResponse } from 'node:http';

/** Each leaves the length of an answer as it is, so that nothing but the content is wrong. */
const BREAKS = /** @type {Record<string, [RegExp, string]>} */ ({
  envelope: [/"jsonrpc":"2.0"/, '"jsonrpc":"2.1"'],
  json: [/\}$/, ']'],
  id: [/"id":[01],/, '"id":7,'],
  code: [/"code":-32602/, '"code":-32099'],
  result: [/TASK_STATE_COMPLETED/, 'TASK_STATE_COMPLETEX'],
  field: [/"history":/, '"hiztory":'],
  frame: [/^data: /, 'dato: '],
  rest: [/^((?:id|data|retry): [^]*)"TASK_STATE_COMPLETED"/, '$1"TASK_STATE_WORKING"'],
  internal: [/"message":"Invalid parameters"/, '"message":"at lib/x.ts:1:10  "'],
  detail: [/"description":"\w.{12}/, '"description":"lib/x.ts:1:10'],
  // in answers of HTTP+JSON
  http_code: [/^\{"error":\{"code":4../, '{"error":{"code":499'],
  http_status: [/^(\{"error":\{"code":\d+,"status":"INVALID_ARGUMEN)T/, '$1X'],
  http_detail: [/^(\{"error":.*google\.rpc\.)BadRequest/, '$1BadReqvest'],
  http_reason: [/^(\{"error":.*"reason":")TASK_NOT_FOUND/, '$1TASK_NOT_FOUNX'],
  http_result: [/^(\{"id":.*)TASK_STATE_COMPLETED/, '$1TASK_STATE_COMPLETEX'],
  http_event: [/(data: \{"statusUpdat)e"/, '$1X"'],
  http_list: [/^\{"tasks":/, '{"taskz":'],
  // in answers of 0.3
  older_result: [/"state":"completed"/, '"state":"completeX"'],
  older_kind: [/"kind":"task"/, '"kind":"tazk"'],
  older_end: [/"final":true/, '"final":false'],
});

const broken = process.env['BROKEN'] ?? '';
const { end, write, writeHead } = ServerResponse.prototype;
let answers = 0;

/**
 * @param {ServerResponse} res
 * @param {unknown[]} args
 */
function spoil(res, [chunk, ...rest]) {
  // what the fuzz sets up by itself stays whole
  if (res.req.headers.host !== 'agent.test') return [chunk, ...rest];
  const [pattern, fault] = BREAKS[broken] ?? [];
  // how many pieces a stream has depends on the machine: those count that can have the fault
  if (pattern !== undefined && !(typeof chunk === 'string' && pattern.test(chunk))) return [chunk, ...rest];
  if (answers++ % 5 !== 0) return [chunk, ...rest];
  if (broken === 'crash' && answers > 20) process.exit(3);
  return typeof chunk === 'string' && pattern && fault
    ? [chunk.replace(pattern, fault), ...rest]
    : [chunk, ...rest];
}

Object.assign(ServerResponse.prototype, {
  /**
   * @this {ServerResponse}
   * @param {number} status
   * @param {Record<string, unknown>} headers
   */
  writeHead(status, headers) {
    const isSpoilt = broken === 'http_type' && headers?.['Content-Type'] === 'application/a2a+json';
    return Reflect.apply(writeHead, this, [
      status,
      isSpoilt ? { ...headers, 'Content-Type': 'application/json' } : headers,
    ]);
  },
  /**
   * @this {ServerResponse}
   * @param {unknown[]} args
   */
  write(...args) {
    const room = Reflect.apply(write, this, spoil(this, args));
    if (broken === 'cut' && answers % 5 === 1) this.socket?.destroySoon();
    return room;
  },
  /**
   * @this {ServerResponse}
   * @param {unknown[]} args
   */
  end(...args) {
    const { socket } = this;
    const ended = Reflect.apply(end, this, spoil(this, args));
    if (broken === 'behind' && this.req.headers.host === 'agent.test' && answers % 5 === 1)
      socket?.write('{}');
    return ended;
  },
});

await import('./server.mjs');
