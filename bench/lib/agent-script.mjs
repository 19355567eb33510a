// What the benchmarked agent does, shared by every server so that all of them run the same agent.
//
// The text of the user's message is the script:
//   echo                              completes at once with one small artifact
//   chunks:N:BYTES[:DELAY_MS[:gate]]  working, one artifact in N appended chunks of BYTES bytes, completed
//   burst:N:BYTES                     the same without giving the event loop a turn between chunks
//   hold                              working, then nothing until it is cancelled
//   go                                opens the gate for every gated `chunks` task, then as echo

export const ECHO_TEXT = 'Hello from the benchmark agent.';
export const ARTIFACT_ID = 'result';

/** @typedef {{ kind: string, count: number, bytes: number, delayMs: number, gated: boolean }} Script */

/**
 * @param {string} text
 * @returns {Script}
 */
export function parseScript(text) {
  const [kind = 'echo', count, bytes, delayMs = '0', gate] = text.split(':');
  return {
    kind,
    count: Number(count),
    bytes: Number(bytes),
    delayMs: Number(delayMs),
    gated: gate === 'gate',
  };
}

const SENTENCE = Buffer.from('The "quick" brown fox jumps over the lazy dog, then naps.\n');
/** @type {Map<number, Buffer>} */
const templates = new Map();

/**
 * A new flat string of exactly `bytes` ASCII bytes: never shared, so that stored chunks cost real memory.
 *
 * @param {number} index
 * @param {number} bytes
 */
export function chunkText(index, bytes) {
  let template = templates.get(bytes);
  if (template === undefined) templates.set(bytes, (template = Buffer.alloc(bytes, SENTENCE)));
  if (bytes >= 8) template.write(String(index).padStart(8, '0'), 0, 'latin1');
  return template.toString('latin1');
}

/**
 * One turn of the event loop (or a timer) between chunks: tokens of a model arrive as separate I/O events.
 *
 * @param {Script} script
 * @returns {Promise<void> | undefined}
 */
export function pause({ kind, delayMs }) {
  if (kind === 'burst') return undefined;
  return new Promise((resolve) => (delayMs > 0 ? setTimeout(resolve, delayMs) : setImmediate(resolve)));
}

/** @type {() => void} */
let openGate = () => {};
let gate = closedGate();

export function waitForGate() {
  return gate;
}

export function releaseGate() {
  openGate();
  gate = closedGate();
}

/** @returns {Promise<void>} */
function closedGate() {
  return new Promise((resolve) => (openGate = resolve));
}
