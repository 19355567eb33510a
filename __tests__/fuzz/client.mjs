import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * A response as it came, and how many bytes came with it that are not of it; `status` 0 is a connection that ended without a
 * whole one.
 *
 * @typedef {{ status: number, type: string, body: string, extra: number }} FuzzResponse
 */

/** What takes longer than this has hung: ten times and more what a loaded machine needs. */
const LIMIT_MS = 60_000;

/** What comes before the first event of a stream, and that event. */
const FIRST_EVENT = /^[^]*?(?:^|\n)data: [^\n]*\n\n/;
const NOTHING = { status: 0, type: '', body: '', extra: 0 };

/**
 * A connection that is kept as long as both sides keep it.
 *
 * @param {number} port
 */
export function client(port) {
  /** @type {import('node:net').Socket | undefined} */
  let socket;
  let isReading = false;
  /** Bytes that came while nobody asked. */
  let stray = 0;

  async function open() {
    const opened = connect(port, '127.0.0.1');
    await once(opened, 'connect');
    opened.on('data', (chunk) => {
      if (!isReading && opened === socket) stray += chunk.length;
    });
    return opened;
  }

  /**
   * Sends bytes and gives the response. Of an `endless` stream only the first event; where the length `lies`, whatever
   * comes before the connection ends.
   *
   * @param {{ bytes: Buffer, endless: boolean, lies: boolean, isHead?: boolean }} request
   * @returns {Promise<FuzzResponse>}
   */
  async function exchange({ bytes, endless, lies, isHead = false }) {
    const used = lies || socket === undefined || socket.destroyed ? await open() : socket;
    isReading = true;
    used.write(bytes);
    if (lies) used.end();
    const { response, isOpen } = await read(used, { endless, isHead });
    isReading = false;
    if (!isOpen) used.destroy();
    if (!lies) socket = isOpen ? used : undefined;
    const extra = response.extra + stray;
    stray = 0;
    return { ...response, extra };
  }

  return { exchange, close: () => socket?.destroy() };
}

/**
 * @param {import('node:net').Socket} socket
 * @param {Wanted} wanted
 * @returns {Promise<{ response: FuzzResponse, isOpen: boolean }>}
 */
function read(socket, wanted) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer} */
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => finish(new Error('no whole answer came')), LIMIT_MS);
    /** @param {Buffer} chunk */
    const onData = (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const response = parse(bytes, wanted);
      if (response !== undefined) finish(response);
    };
    const onClose = () => finish({ response: parse(bytes, wanted)?.response ?? NOTHING, isOpen: false });
    const onError = () => undefined;
    /** @param {Error | { response: FuzzResponse, isOpen: boolean }} outcome */
    function finish(outcome) {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
    socket.on('data', onData).on('close', onClose);
    if (socket.listenerCount('error') === 0) socket.on('error', onError);
    if (socket.destroyed) onClose();
  });
}

/** @typedef {{ endless: boolean, isHead: boolean }} Wanted What of a response comes: the answer to HEAD has no body. */

/**
 * The response, once it is whole.
 *
 * @param {Buffer} bytes
 * @param {Wanted} wanted
 * @returns {{ response: FuzzResponse, isOpen: boolean } | undefined}
 */
function parse(bytes, { endless, isHead }) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
  const rest = bytes.subarray(end + 4);
  const isOpen = !/^connection: close$/im.test(head);
  if (/^transfer-encoding: chunked$/im.test(head)) {
    const { body, isWhole, length } = dechunk(rest);
    const first = endless && type === 'text/event-stream' ? FIRST_EVENT.exec(body)?.[0] : undefined;
    if (!isWhole && first === undefined) return undefined;
    return {
      response: {
        ...{ status, type, body: isWhole ? body : String(first) },
        extra: isWhole ? rest.length - length : 0,
      },
      isOpen: isOpen && isWhole,
    };
  }
  const length = isHead ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  if (rest.length < length) return undefined;
  const body = rest.subarray(0, length).toString('utf8');
  return { response: { status, type, body, extra: rest.length - length }, isOpen };
}

/** @param {Buffer} bytes */
function dechunk(bytes) {
  const chunks = [];
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? NaN : Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (!(size >= 0) || line + 4 + size > bytes.length) break;
    if (size === 0) return { body: Buffer.concat(chunks).toString('utf8'), isWhole: true, length: line + 4 };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
  return { body: Buffer.concat(chunks).toString('utf8'), isWhole: false, length: 0 };
}
