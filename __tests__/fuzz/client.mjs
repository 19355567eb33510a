import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * A response as it came; `status` 0 is a connection that ended without one.
 *
 * @typedef {{ status: number, type: string, body: string }} FuzzResponse
 */

/** What takes longer than this has hung: ten times and more what a loaded machine needs. */
const LIMIT_MS = 60_000;

/**
 * A connection that is kept as long as both sides keep it.
 *
 * @param {number} port
 */
export function client(port) {
  /** @type {import('node:net').Socket | undefined} */
  let socket;

  /**
   * Sends bytes and gives the response. Of an `endless` stream only the first event; where the length `lies`, whatever
   * comes before the connection ends.
   *
   * @param {{ bytes: Buffer, endless: boolean, lies: boolean }} request
   * @returns {Promise<FuzzResponse>}
   */
  async function exchange({ bytes, endless, lies }) {
    const used = lies || socket === undefined || socket.destroyed ? connect(port, '127.0.0.1') : socket;
    if (used !== socket) await once(used, 'connect');
    used.write(bytes);
    if (lies) used.end();
    const { response, isOpen } = await read(used, endless);
    if (!isOpen) used.destroy();
    if (!lies) socket = isOpen ? used : undefined;
    return response;
  }

  return { exchange, close: () => socket?.destroy() };
}

/**
 * @param {import('node:net').Socket} socket
 * @param {boolean} endless
 * @returns {Promise<{ response: FuzzResponse, isOpen: boolean }>}
 */
function read(socket, endless) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer} */
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => finish(new Error('no whole answer came')), LIMIT_MS);
    /** @param {Buffer} chunk */
    const onData = (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const response = parse(bytes, endless);
      if (response !== undefined) finish(response);
    };
    const onClose = () =>
      finish({ response: parse(bytes, true)?.response ?? { status: 0, type: '', body: '' }, isOpen: false });
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

/**
 * The response, once it is whole.
 *
 * @param {Buffer} bytes
 * @param {boolean} endless
 * @returns {{ response: FuzzResponse, isOpen: boolean } | undefined}
 */
function parse(bytes, endless) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
  const rest = bytes.subarray(end + 4);
  const isOpen = !/^connection: close$/im.test(head);
  if (/^transfer-encoding: chunked$/im.test(head)) {
    const { body, isWhole } = dechunk(rest);
    const isEnough = endless && type === 'text/event-stream' && body.includes('\n\n');
    if (!isWhole && !isEnough) return undefined;
    return {
      response: { status, type, body: isWhole ? body : body.slice(0, body.indexOf('\n\n') + 2) },
      isOpen: isOpen && isWhole,
    };
  }
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  if (rest.length < length) return undefined;
  return { response: { status, type, body: rest.subarray(0, length).toString('utf8') }, isOpen };
}

/** @param {Buffer} bytes */
function dechunk(bytes) {
  const chunks = [];
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? NaN : Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (!(size >= 0) || line + 4 + size > bytes.length) break;
    if (size === 0) return { body: Buffer.concat(chunks).toString('utf8'), isWhole: true };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
  return { body: Buffer.concat(chunks).toString('utf8'), isWhole: false };
}
