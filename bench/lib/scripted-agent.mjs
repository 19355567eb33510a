// The benchmark's agent as an agent of this package.
import {
  ARTIFACT_ID,
  ECHO_TEXT,
  chunkText,
  parseScript,
  pause,
  releaseGate,
  waitForGate,
} from './agent-script.mjs';

/** @param {import('../../lib/core/turn.ts').Turn} turn */
export async function scriptedAgent(turn) {
  const script = parseScript(turn.text);
  if (script.kind === 'chunks' || script.kind === 'burst') return sendChunks(turn, script);
  if (script.kind === 'hold') return hold(turn);
  if (script.kind === 'go') releaseGate();
  void turn.artifact({ artifactId: ARTIFACT_ID, parts: [{ text: ECHO_TEXT }] });
}

/**
 * @param {import('../../lib/core/turn.ts').Turn} turn
 * @param {import('./agent-script.mjs').Script} script
 */
async function sendChunks(turn, script) {
  await turn.working();
  if (script.gated) await waitForGate();
  const stream = turn.stream({ artifactId: ARTIFACT_ID });
  for (let i = 0; i < script.count; i++) {
    const text = chunkText(i, script.bytes);
    // a burst does not wait for what it sends, as the other servers' agents do not
    const stored = i === script.count - 1 ? stream.end(text) : stream.append(text);
    if (script.kind === 'burst') continue;
    await stored;
    await pause(script);
  }
}

/** @param {import('../../lib/core/turn.ts').Turn} turn */
async function hold({ signal, working }) {
  await working();
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

/** A workload may need more agents at once than there are by default. */
export function workerOptions() {
  const concurrency = process.env['CONCURRENCY'];
  return concurrency === undefined ? {} : { worker: { concurrency: Number(concurrency) } };
}
