import type { Method } from '../../lib/core/call.ts';
import { a2aV1Routes } from '../../lib/protocol/v1.routes.ts';
import type { AgentApp } from './make-app.ts';
import { dataOf, readEvents } from './sse.ts';

type Params = Readonly<Record<string, unknown>>;

/** A request of the HTTP+JSON binding. */
export interface RestRequest {
  readonly verb: string;
  /** With the query, below the mount. */
  readonly path: string;
  readonly body?: string;
}

/** What a call came to, whatever the binding. */
export interface Outcome {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly details: unknown };
  /** Headers that say what to do about an answer. */
  readonly headers: Readonly<Record<string, string | null>>;
}

/** The status of REST for each code of JSON-RPC, where it is not that of its own (§5.4). */
export const STATUS: Readonly<Record<number, readonly [number, string]>> = {
  [-32001]: [404, 'NOT_FOUND'],
  [-32002]: [400, 'FAILED_PRECONDITION'],
  [-32003]: [400, 'FAILED_PRECONDITION'],
  [-32004]: [400, 'FAILED_PRECONDITION'],
  [-32005]: [400, 'INVALID_ARGUMENT'],
  [-32006]: [500, 'INTERNAL'],
  [-32007]: [400, 'FAILED_PRECONDITION'],
  [-32008]: [400, 'FAILED_PRECONDITION'],
  [-32009]: [400, 'FAILED_PRECONDITION'],
  [-32602]: [400, 'INVALID_ARGUMENT'],
  [-32603]: [500, 'INTERNAL'],
};

/** Each way in which REST calls an operation: what its path does not say is in the query or the body. */
export function restRequests(method: Method, params: Params): RestRequest[] {
  return a2aV1Routes
    .filter((route) => route.method === method)
    .map(({ verb, path }) => {
      const rest = new Map(Object.entries(params));
      const below = path.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = rest.get(name);
        rest.delete(name);
        return encodeURIComponent(String(value));
      });
      const left = Object.fromEntries(rest);
      if (verb === 'POST') return { verb, path: below, body: JSON.stringify(left) };
      const query = new URLSearchParams(
        Object.entries(left).map(([name, of]): [string, string] => [name, String(of)]),
      );
      return { verb, path: query.size > 0 ? `${below}?${query.toString()}` : below };
    });
}

/** Sends a request of REST. */
export function sendRest(
  { url }: Pick<AgentApp, 'url'>,
  { verb, path, body }: RestRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: verb,
    headers: { ...(body !== undefined && { 'Content-Type': 'application/a2a+json' }), ...headers },
    ...(body !== undefined && { body }),
  });
}

/** The same call by JSON-RPC, and by each way of REST. Throws where the form of an answer is not that of its binding. */
export async function callBoth(
  app: AgentApp,
  method: Method,
  params: Params,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ rpc: Outcome; code: number | undefined; rest: Outcome[] }> {
  const byRpc = await app.open(method, params, headers);
  const { outcome: rpc, code, status: rpcStatus } = await readRpc(byRpc);
  const rest: Outcome[] = [];
  for (const request of restRequests(method, params)) {
    rest.push(
      await readRest(await sendRest(app, request, { 'A2A-Version': '1.0', ...headers }), code, rpcStatus),
    );
  }
  return { rpc, code, rest };
}

async function readRpc(
  response: Response,
): Promise<{ outcome: Outcome; code: number | undefined; status: number }> {
  const { status } = response;
  if (isStream(response)) {
    const frames = dataOf(await readEvents(response).rest()) as { result: unknown }[]; // compared by the caller
    return {
      outcome: outcomeOf(response, { result: frames.map((it) => it.result) }),
      code: undefined,
      status,
    };
  }
  const { result, error } = (await response.json()) as Rpc; // as above
  if (error === undefined) return { outcome: outcomeOf(response, { result }), code: undefined, status };
  const { code, message, data } = error;
  return { outcome: outcomeOf(response, { error: { message, details: data } }), code, status };
}

async function readRest(response: Response, code: number | undefined, rpcStatus: number): Promise<Outcome> {
  const type = response.headers.get('content-type');
  if (isStream(response)) {
    return outcomeOf(response, { result: dataOf(await readEvents(response).rest()) });
  }
  if (type !== 'application/a2a+json') throw new Error(`REST answered with ${String(type)}`);
  const body = (await response.json()) as { error?: Status }; // as above
  if (response.ok) return outcomeOf(response, { result: body });
  const { error } = body;
  if (code === undefined || error === undefined)
    throw new Error(`REST failed alone: ${JSON.stringify(body)}`);
  const [status, name] = STATUS[code] ?? [rpcStatus, undefined];
  if (response.status !== status || error.code !== status || (name !== undefined && error.status !== name)) {
    throw new Error(`${String(code)} is ${String(response.status)} ${JSON.stringify(error)}`);
  }
  return outcomeOf(response, { error: { message: error.message, details: error.details } });
}

interface Rpc {
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

interface Status {
  code: number;
  status: string;
  message: string;
  details?: unknown;
}

const HEADERS = ['a2a-extensions', 'retry-after', 'www-authenticate'];

function outcomeOf({ headers }: Response, outcome: Omit<Outcome, 'headers'>): Outcome {
  return { ...outcome, headers: Object.fromEntries(HEADERS.map((name) => [name, headers.get(name)])) };
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type') === 'text/event-stream';
}

/** The outcome without what is new with each call: ids, times and event numbers stay comparable by their order. */
export function withoutIds(value: unknown): unknown {
  const known = new Map<string, string>();
  const text = JSON.stringify(value).replace(
    /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z/g,
    (id) => {
      const name = id.endsWith('Z') ? 'TIME' : (known.get(id) ?? `id-${String(known.size)}`);
      if (name !== 'TIME') known.set(id, name);
      return name;
    },
  );
  return JSON.parse(text);
}
