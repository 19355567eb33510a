// `.` would stop at U+2028, which ends no line of a stream
const FRAMES = /^(?:(?:retry: 2000|id: [^\n]*\ndata: [^\n]*|data: [^\n]*|: [^\n]*)\n\n)+$/;

/**
 * What is wrong with an answer, or else what it holds.
 *
 * @typedef {{ fault: string, answer?: undefined } | { fault?: undefined, answer: { result?: unknown, error?: unknown } }} Judged
 */

/**
 * What is wrong with a stream; `judge` looks at the data of each event. Of an `endless` one only the first event is there.
 *
 * @param {string} body
 * @param {boolean} endless
 * @param {(json: string) => Judged} judge
 * @returns {string | undefined}
 */
export function faultOfStream(body, endless, judge) {
  if (!FRAMES.test(body)) return 'a stream with something else than events';
  let last;
  for (const [, json = ''] of body.matchAll(/^data: ([^\n]*)$/gm)) {
    if (last !== undefined && endsStream(last)) return 'an event behind the last one';
    const { fault, answer } = judge(json);
    if (fault !== undefined) return fault;
    last = answer;
  }
  if (last === undefined) return 'a stream without an event';
  if (!endless && !endsStream(last)) return 'a stream that stops before its end';
  return undefined;
}

const RESTS =
  /^(?:TASK_STATE_(?:COMPLETED|FAILED|CANCELED|REJECTED|INPUT_REQUIRED|AUTH_REQUIRED)|completed|failed|canceled|rejected|input-required|auth-required)$/;

/**
 * What is looked at of an event of either version.
 *
 * @typedef {{ kind?: string, final?: boolean, status?: { state: string }, message?: unknown,
 *   statusUpdate?: { status: { state: string } } }} StreamEvent
 */

/**
 * Whether nothing follows an event of a send: a state in which the task rests, a message, an error.
 *
 * @param {{ result?: unknown, error?: unknown }} answer
 */
function endsStream({ result, error }) {
  if (error !== undefined) return true;
  const event = /** @type {StreamEvent} */ (result);
  if (event.kind === 'status-update') return event.final === true && RESTS.test(event.status?.state ?? '');
  if (event.kind === 'message' || event.message !== undefined) return true;
  return RESTS.test(event.statusUpdate?.status.state ?? '');
}
