import { PushError } from './push-error.ts';
import type { ReceivedPush } from './verify-push.ts';

/** What is checked of a notification. */
export interface RawPush {
  readonly signature: string | undefined;
  readonly id: string | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads a notification. Rejects with a PushError where its body has been parsed, as that can not be undone. */
export async function readRaw(push: ReceivedPush): Promise<RawPush> {
  const { headers } = push;
  return {
    signature: headerOf(headers, 'a2a-notification-signature'),
    id: headerOf(headers, 'a2a-notification-id'),
    bytes: 'arrayBuffer' in push ? await bytesOf(push) : bytesFrom(push.body),
  };
}

async function bytesOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (request.bodyUsed) throw parsed();
  // a copy, so that the caller can still read it
  return new Uint8Array(await request.clone().arrayBuffer());
}

function bytesFrom(body: unknown): Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body))
    return new Uint8Array(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  throw parsed();
}

function parsed(): PushError {
  const why =
    'The body must come as it was sent, as text or bytes: with Express, put express.raw({ type: () => true }) in front of the check, and no express.json()';
  return new PushError('ERR_A2A_PUSH_RAW_BODY', why, { status: 500 });
}

type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function headerOf(headers: Headers | ReceivedHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(name) ?? undefined;
  const entries = Object.entries(headers as ReceivedHeaders).filter(([key]) => key.toLowerCase() === name);
  // several lines are one list (RFC 9110 §5.3), which no signature is
  const lines = entries.flatMap<string>(([, value]) => value ?? []);
  return lines.length === 0 ? undefined : lines.join(', ');
}
