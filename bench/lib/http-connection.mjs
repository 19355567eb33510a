// A small keep-alive HTTP/1.1 client on a raw socket: the load generator must be cheaper than any server it measures.
// It knows Content-Length and chunked bodies, and one request at a time.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD = 0;
const LENGTH = 1;
const SIZE_LINE = 2;
const CHUNK = 3;
const CHUNK_END = 4;
const TRAILER = 5;
const UNTIL_CLOSE = 6;
const CR = 13;
const LF = 10;

/**
 * What becomes of one request.
 *
 * @typedef {object} Exchange
 * @property {(status: number, head: string) => void} onHead
 * @property {(body: Buffer) => void} onBody
 * @property {() => void} onEnd
 * @property {(error: Error) => void} onError
 */

export class HttpConnection {
  closed = false;
  #state = HEAD;
  /** @type {Buffer | undefined} */
  #rest;
  #remaining = 0;
  #size = 0;
  #trailerLine = 0;
  /** @type {Exchange | undefined} */
  #exchange;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on('data', (data) => this.#feed(data));
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  /**
   * @param {number} port
   * @returns {Promise<HttpConnection>}
   */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('connect', () => resolve(new HttpConnection(socket)));
      socket.once('error', reject);
    });
  }

  /**
   * @param {Buffer} request
   * @param {Exchange} exchange
   */
  send(request, exchange) {
    this.#exchange = exchange;
    this.#state = HEAD;
    this.socket.write(request);
  }

  /**
   * Sends, and collects the whole answer.
   *
   * @param {Buffer} request
   * @returns {Promise<{ status: number, head: string, body: string }>}
   */
  request(request) {
    return new Promise((resolve, reject) => {
      /** @type {Buffer[]} */
      const parts = [];
      let status = 0;
      let head = '';
      this.send(request, {
        onHead: (code, text) => {
          status = code;
          head = text;
        },
        onBody: (part) => parts.push(part),
        onEnd: () => resolve({ status, head, body: Buffer.concat(parts).toString() }),
        onError: reject,
      });
    });
  }

  pauseReading() {
    this.socket.pause();
  }

  close() {
    this.socket.destroy();
  }

  #onClose() {
    this.closed = true;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (this.#state === UNTIL_CLOSE) exchange?.onEnd();
    else exchange?.onError(new Error('The connection was closed in the middle of an answer'));
  }

  /** @param {Buffer} arrived */
  #feed(arrived) {
    const data = this.#rest === undefined ? arrived : Buffer.concat([this.#rest, arrived]);
    this.#rest = undefined;
    let at = 0;
    while (at < data.length && this.#exchange !== undefined) {
      if (this.#state === HEAD) at = this.#readHead(data, at);
      else if (this.#state === LENGTH || this.#state === CHUNK) at = this.#readBody(data, at);
      else if (this.#state === UNTIL_CLOSE) at = this.#readAll(data, at);
      else this.#readByte(data[at++] ?? 0);
    }
  }

  /**
   * @param {Buffer} data
   * @param {number} at
   */
  #readHead(data, at) {
    const end = data.indexOf(HEAD_END, at);
    if (end < 0) {
      this.#rest = data.subarray(at);
      return data.length;
    }
    const head = data.toString('latin1', at, end);
    this.#exchange?.onHead(Number(head.slice(9, 12)), head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length) {
      this.#remaining = Number(length[1]);
      this.#state = LENGTH;
      if (this.#remaining === 0) this.#finish();
    } else this.#state = /\r\ntransfer-encoding: *chunked/i.test(head) ? SIZE_LINE : UNTIL_CLOSE;
    return end + 4;
  }

  /**
   * @param {Buffer} data
   * @param {number} at
   */
  #readBody(data, at) {
    const take = Math.min(this.#remaining, data.length - at);
    this.#exchange?.onBody(data.subarray(at, at + take));
    this.#remaining -= take;
    if (this.#remaining > 0) return at + take;
    if (this.#state === LENGTH) this.#finish();
    else this.#state = CHUNK_END;
    return at + take;
  }

  /**
   * @param {Buffer} data
   * @param {number} at
   */
  #readAll(data, at) {
    this.#exchange?.onBody(data.subarray(at));
    return data.length;
  }

  /** @param {number} byte */
  #readByte(byte) {
    if (this.#state === CHUNK_END) {
      if (byte === LF) this.#state = SIZE_LINE;
    } else if (this.#state === TRAILER) {
      if (byte === LF && this.#trailerLine === 0) this.#finish();
      else if (byte === LF) this.#trailerLine = 0;
      else if (byte !== CR) this.#trailerLine++;
    } else if (byte === LF) {
      this.#remaining = this.#size;
      this.#state = this.#size === 0 ? TRAILER : CHUNK;
      this.#size = 0;
    } else if (byte !== CR) {
      this.#size = this.#size * 16 + (byte <= 57 ? byte - 48 : (byte | 32) - 87);
    }
  }

  #finish() {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#state = HEAD;
    exchange?.onEnd();
  }
}
