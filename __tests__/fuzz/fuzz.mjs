// Sends mutated calls and garbage to a server: `npm run fuzz -- [--count 200000] [--seed 1]`, and one case again by
// `--seed S --case I`. Every answer has to be well-formed, and the server healthy at the end.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { client } from './client.mjs';
import { faultOf } from './judge.mjs';
import { OPERATIONS } from './operations.mjs';
import { requestOf } from './requests.mjs';
import { HOOKS, TASKS } from './values.mjs';

/** @typedef {{ port?: number, calls?: number, running?: number, heapMb?: number }} Report What the server tells. */

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    server: { type: 'string', default: './server.mjs' },
  },
});
const seed = Number(values.seed);
const first = Number(values.case ?? 0);
const count = values.case === undefined ? Number(values.count) : 1;
const CONNECTIONS = 16;
/** Cases after which the tasks that calls name are made anew: they end, and grow. */
const ROUND = 1000;
const HEAP_GROWTH_MB = 64;

const MUST_ANSWER = OPERATIONS.flatMap((operation) => [
  `${operation.name} of 1.0`,
  `${operation.name} of HTTP+JSON`,
  ...(operation['0.3'] === undefined ? [] : [`${operation.name} of 0.3`]),
]);

const server = fork(new URL(values.server, import.meta.url), { execArgv: ['--expose-gc'] });
/** @type {string[]} */
const faults = [];
server.on('message', (message) => {
  if (typeof message === 'object' && message !== null && 'fault' in message)
    faults.push(`a fault of the server: ${String(message.fault)}`);
});
server.on('exit', (code) => {
  if (!process.exitCode && !isDone) fail(`the server has ended with ${String(code)}`);
});
let isDone = false;

/** @param {string} what */
function fail(what) {
  console.error(what);
  process.exit(1);
}

/**
 * @param {string} field
 * @returns {Promise<Report>}
 */
async function told(field) {
  for (;;) {
    const [message] = await once(server, 'message');
    if (field in message) return message;
  }
}

async function health() {
  const answer = told('calls');
  server.send('how are you?');
  return answer;
}

const { port = 0 } = await told('port');
const url = `http://127.0.0.1:${port}/a2a`;

/**
 * A task with a webhook.
 *
 * @param {string} text
 */
async function newTask(text) {
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text }] };
  const taskPushNotificationConfig = { id: HOOKS[0], url: 'https://files.example.com/a' };
  const params = { message, configuration: { taskPushNotificationConfig } };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params }),
  });
  const { result } = /** @type {{ result: { task: { id: string } } }} */ (await response.json());
  return result.task.id;
}

/** Some that wait for input, and some that have ended. */
const newTasks = () => Promise.all(TASKS.map((_, index) => newTask(index < 5 ? 'ask' : 'hi')));

let taskIds = await newTasks();
let next = first;
const codes = new Map();
/** Operations that were answered with a result: a fuzz in which all is refused shows nothing. */
const answered = new Set();

/** @param {import('./client.mjs').FuzzResponse} response */
function codeOf({ status, body }) {
  if (status <= 0) return 'cut';
  return /"error":\{"code":(-?\d+)/.exec(body)?.[1] ?? (status === 200 ? 'ok' : `bare ${status}`);
}

async function work() {
  const { exchange, close } = client(port);
  while (next < roundEnd) {
    const index = next++;
    const request = requestOf(seed, index, taskIds);
    const response = await exchange(request).catch((error) => ({
      ...{ status: -1, type: String(error) },
      ...{ body: '', extra: 0 },
    }));
    const fault = faultOf(request, response);
    const code = codeOf(response);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    const { operation = request.place?.operation, dialect = 'HTTP+JSON' } = request;
    if (code === 'ok' && operation && response.body !== '') answered.add(`${operation.name} of ${dialect}`);
    if (fault === undefined && values.case === undefined) continue;
    if (fault !== undefined) faults.push(`case ${index}: ${fault}`);
    console.error(`\n${fault ?? 'fine'}: npm run fuzz -- --seed ${seed} --case ${index}`);
    console.error(request.bytes.toString('latin1').slice(0, 3000));
    console.error('---', response.status, response.type, response.body.slice(0, 2000));
  }
  close();
}

let roundEnd = first;
let early = await health();
while (roundEnd < first + count && faults.length < 10) {
  roundEnd = Math.min(first + count, roundEnd + ROUND);
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  taskIds = await newTasks();
  if (roundEnd - first === 5000) early = await health();
}

let late = await health();
for (let tries = 0; (late.calls || late.running) && tries < 600; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  late = await health();
}
if (late.calls || late.running) faults.push(`${late.calls} calls and ${late.running} runs are left`);
const growth = (late.heapMb ?? 0) - (early.heapMb ?? 0);
if (growth > HEAP_GROWTH_MB) faults.push(`the heap grew by ${growth} MB`);
await newTask('hi').catch((error) => faults.push(`the server does not answer any more: ${String(error)}`));
if (count >= 5000) {
  const missing = MUST_ANSWER.filter((each) => !answered.has(each));
  if (missing.length > 0) faults.push(`never a result for ${missing.join(', ')}`);
}
isDone = true;
server.disconnect();
console.log(
  `${roundEnd - first} cases of seed ${seed}: ${[...codes]
    .sort()
    .map(([code, n]) => `${code} ${n}`)
    .join(', ')}`,
);
console.log(`heap ${early.heapMb} MB after the first rounds, ${late.heapMb} MB at the end`);
if (faults.length > 0) fail(`${faults.length} faults\n${faults.slice(0, 10).join('\n')}`);
