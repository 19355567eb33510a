import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { systemClock } from '../core/clock.ts';
import type { PushTarget } from './address-policy.ts';
import type { PinnedAgents } from './pinned-agents.ts';

/** What is left of an answer. */
export interface PushAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** What is sent. */
export interface PushMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The rest of an answer is worth a kept connection, and no more. */
const BODY_BYTES = 65_536;
const BODY_MS = 1000;

/** POSTs once. Undefined where the connection was closed without an answer. Rejects with the error of the connection; an abort ends it. Redirects are answers like others. */
export async function exchange(
  agents: PinnedAgents,
  target: PushTarget,
  message: PushMessage,
  signal: AbortSignal,
): Promise<PushAnswer | undefined> {
  const { url, addresses } = target;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  for (;;) {
    const req = send(url, {
      ...agents.to(url, addresses),
      method: 'POST',
      headers: { ...message.headers, 'Content-Length': Buffer.byteLength(message.body) },
      signal,
    });
    try {
      return await answerOf(req, message.body);
    } catch (error) {
      // the server closed a kept connection while the request was on its way; each such attempt uses one up
      if (!req.reusedSocket || !isClosed(error)) throw error;
    }
  }
}

function answerOf(req: ClientRequest, body: string): Promise<PushAnswer | undefined> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    req.on('response', (res) => {
      isAnswered = true;
      const { statusCode: status = 0, headers } = res;
      throwAway(res, () => {
        resolve({ status, retryAfter: headers['retry-after'] });
      });
    });
    req.on('error', (error) => {
      // an answer that goes wrong while it is thrown away has said what it had to
      if (!isAnswered) reject(error);
    });
    req.on('close', () => {
      if (!isAnswered) resolve(undefined);
    });
    req.end(body);
  });
}

function throwAway(res: IncomingMessage, done: () => void): void {
  let bytes = 0;
  const cancel = systemClock.after(BODY_MS, () => res.destroy());
  res.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES) res.destroy();
  });
  // its error is followed by its end
  res.on('error', () => undefined);
  res.on('close', () => {
    cancel();
    done();
  });
}

function isClosed(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

/** The code of an error of node. */
export function codeOf(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded ? String(error.code) : undefined;
}
