import type { AgentCard, StreamResponse, Task, TaskState } from '../../lib/client/index.ts';

/** A request as the agent would see it. */
export interface Asked {
  readonly url: string;
  readonly headers: Headers;
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly id: number;
  readonly signal: AbortSignal;
}

/** A fetch that answers from a script. */
export interface ScriptedFetch {
  readonly fetch: typeof fetch;
  readonly asked: readonly Asked[];
  /** Methods in the order they were called. */
  readonly methods: () => string[];
}

type Answer = (asked: Asked) => Response | Promise<Response>;

/** Each call of a method takes its next answer; the last one stays. A GET is the method `card`. */
export function scriptedFetch(script: Readonly<Record<string, readonly Answer[]>>): ScriptedFetch {
  const asked: Asked[] = [];
  const used = new Map<string, number>();

  async function answer(input: unknown, init: RequestInit = {}): Promise<Response> {
    init.signal?.throwIfAborted();
    const call = typeof init.body === 'string' ? (JSON.parse(init.body) as Asked) : undefined; // a call of our client
    const method = call?.method ?? 'card';
    const request: Asked = {
      ...{ url: String(input), headers: new Headers(init.headers), method },
      ...{
        params: call?.params ?? {},
        id: call?.id ?? 0,
        signal: init.signal ?? new AbortController().signal,
      },
    };
    asked.push(request);
    const answers = script[method] ?? [];
    const place = used.get(method) ?? 0;
    used.set(method, place + 1);
    const next = answers[Math.min(place, answers.length - 1)];
    if (next === undefined) throw new Error(`nothing is scripted for ${method}`);
    return next(request);
  }

  return { fetch: answer, asked, methods: () => asked.map(({ method }) => method) };
}

/** The card of a scripted agent. */
export function card(more: Partial<AgentCard> = {}, extensions: string[] = []): AgentCard {
  return {
    ...{ name: 'Scripted', description: 'For tests', version: '1.0.0', skills: [] },
    ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
    capabilities: { streaming: true, extensions: extensions.map((uri) => ({ uri })) },
    supportedInterfaces: [
      { url: 'http://agent.test/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    ...more,
  };
}

export const RESUMABLE = 'urn:express-a2a:resumable-stream:v1';

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return () => Response.json(body, { status, headers });
}

/** The result of a call. */
export function result(value: unknown): Answer {
  return ({ id }) => Response.json({ jsonrpc: '2.0', id, result: value });
}

export function failure(code: number, message: string, data?: unknown, status = 200): Answer {
  return ({ id }) =>
    Response.json(
      { jsonrpc: '2.0', id, error: { code, message, ...(data !== undefined && { data }) } },
      { status },
    );
}

/** What a stream sends: events (with an id or without), and text as it is. */
export type Sent = StreamResponse | { readonly id: string; readonly event: StreamResponse } | string;

/** How a stream ends: properly, with the connection, or not at all until the client leaves. */
export type End = 'close' | 'break' | 'stay';

/** A stream of events. */
export function events(sent: readonly Sent[], end: End = 'close'): Answer {
  return ({ id, signal }) => body([sent.map((each) => frame(each, id)).join('')], end, signal);
}

/** A stream as bytes, in these pieces. */
export function body(pieces: readonly (string | Uint8Array)[], end: End, signal?: AbortSignal): Response {
  const encoder = new TextEncoder();
  const queue = pieces.map((piece) => (typeof piece === 'string' ? encoder.encode(piece) : piece));
  const stream = new ReadableStream<Uint8Array>({
    start(control) {
      signal?.addEventListener('abort', () => {
        try {
          control.error(signal.reason);
        } catch {
          // it has ended already
        }
      });
    },
    pull(control) {
      const next = queue.shift();
      if (next !== undefined) control.enqueue(next);
      else if (end === 'close') control.close();
      else if (end === 'break') control.error(new TypeError('terminated'));
    },
  });
  return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } });
}

export function frame(sent: Sent, id: number): string {
  if (typeof sent === 'string') return sent;
  const event = 'event' in sent ? sent.event : sent;
  const line = 'event' in sent ? `id: ${sent.id}\n` : '';
  return `${line}data: ${JSON.stringify({ jsonrpc: '2.0', id, result: event })}\n\n`;
}

export function task(state: TaskState, more: Partial<Task> = {}): { task: Task } {
  return { task: { id: 't', contextId: 'c', status: { state }, ...more } };
}

export function status(state: TaskState, messageId?: string): StreamResponse {
  const message =
    messageId === undefined
      ? {}
      : { message: { messageId, role: 'ROLE_AGENT' as const, parts: [{ text: '?' }] } };
  return { statusUpdate: { taskId: 't', contextId: 'c', status: { state, ...message } } };
}

export function chunk(text: string): StreamResponse {
  return {
    artifactUpdate: {
      taskId: 't',
      contextId: 'c',
      artifact: { artifactId: 'a', parts: [{ text }] },
      append: true,
    },
  };
}

export function at(id: string, event: StreamResponse): Sent {
  return { id, event };
}

/** All events until the end. */
export async function all(stream: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const list: StreamResponse[] = [];
  for await (const event of stream) list.push(event);
  return list;
}
