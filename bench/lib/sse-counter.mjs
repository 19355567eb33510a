// Counts SSE events in decoded body bytes without decoding text. Comments (": keep-alive") do not count.
const BLOCK_END = Buffer.from('\n\n');
const LF = 10;
const COLON = 58;

export class SseCounter {
  events = 0;
  bytes = 0;
  #isComment = false;
  #atBlockStart = true;
  #lastWasLf = false;

  /**
   * Gives how many events these bytes completed.
   *
   * @param {Buffer} data
   */
  feed(data) {
    const before = this.events;
    this.bytes += data.length;
    let at = 0;
    if (this.#lastWasLf && data[0] === LF) {
      this.#endBlock();
      at = 1;
    }
    while (at < data.length) {
      if (this.#atBlockStart) {
        this.#isComment = data[at] === COLON;
        this.#atBlockStart = false;
      }
      const end = data.indexOf(BLOCK_END, at);
      if (end < 0) break;
      this.#endBlock();
      at = end + 2;
    }
    this.#lastWasLf = !this.#atBlockStart && data[data.length - 1] === LF;
    return this.events - before;
  }

  #endBlock() {
    if (!this.#isComment) this.events++;
    this.#atBlockStart = true;
    this.#lastWasLf = false;
  }
}

/**
 * The JSON of each event of a whole body: for looking, not for load.
 *
 * @param {string} text
 * @returns {any[]}
 */
export function parseSseBody(text) {
  const blocks = text.split('\n\n').map((block) => block.split('\n').filter((it) => it.startsWith('data:')));
  return blocks.flatMap((lines) =>
    lines.length > 0 ? [JSON.parse(lines.map((line) => line.slice(5)).join('\n'))] : [],
  );
}
