import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; several lines of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server closes: `Connection: close` is the caller's to send. */
export async function exchange(port: number, ...chunks: (string | Uint8Array)[]): Promise<RawResponse> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const chunk of chunks) socket.write(chunk);
  return parse(await readAll(socket));
}

/** Reads a socket to its end. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks);
}

/** The request line and headers of a POST, and its body. */
export function post(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries({
    Host: 'agent.test',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Takes a response apart; a chunked body is put together. */
export function parse(bytes: Buffer): RawResponse {
  const text = bytes.toString('utf8');
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${String(headers[key])}, ${value}` : value;
  }
  const rest = bytes.subarray(Buffer.byteLength(text.slice(0, end)) + 4);
  const body =
    headers['transfer-encoding'] === 'chunked'
      ? Buffer.concat(split(rest)).toString('utf8')
      : rest.toString('utf8');
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}

function split(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (!(size > 0)) break;
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return chunks;
}
