import type { Methods } from '../protocol/v1.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { FoundCard } from './card.ts';
import { isClientError } from './errors.ts';
import { pickInterfaces, type SpokenInterface } from './interfaces.ts';
import { createJsonRpc } from './json-rpc.ts';
import type { Settings } from './options.ts';
import type { OpenStream, StreamMethod, Transport, TransportOptions, UnaryMethod } from './transport.ts';

/** Our extension (docs/resumable-streams.md). */
const RESUMABLE_STREAM = 'urn:express-a2a:resumable-stream:v1';

/** The way to the agent of a card: over the first of its interfaces that can be reached. */
export interface Connection {
  readonly send: <M extends UnaryMethod>(
    method: M,
    params: Methods[M]['params'],
    context: CallContext,
  ) => Promise<Methods[M]['result']>;
  readonly stream: (
    method: StreamMethod,
    params: Methods[StreamMethod]['params'],
    context: StreamContext,
  ) => Promise<TaskStream>;
  /** The interface in use. */
  readonly active: () => SpokenInterface;
}

/** A stream of an agent. */
export interface TaskStream extends OpenStream {
  /** Whether its events have ids. */
  readonly hasCursors: boolean;
}

/** What one call adds. */
export interface CallContext {
  readonly signal: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a call adds whose answer is a stream. */
export interface StreamContext extends CallContext {
  /** The last event that was seen. Only interfaces with event ids are asked for what comes after it. */
  readonly cursor?: string | undefined;
}

/** Makes the connection; nothing is sent yet. Throws a NoInterfaceError. */
export function connectTo(found: FoundCard, settings: Settings): Connection {
  const interfaces = pickInterfaces(found, settings);
  const declared = capabilitiesOf(found.card).extensions?.map(({ uri }) => uri) ?? [];
  const hasCursors = declared.includes(RESUMABLE_STREAM);
  const others = settings.extensions ?? [];
  const limits = {
    idleMs: settings.timeouts.idleMs ?? (hasCursors ? 60_000 : 300_000),
    maxBytes: settings.maxBytes,
  };
  const ways = interfaces.map((at) => {
    const { url, binding, version } = at;
    const create = binding === 'JSONRPC' ? createJsonRpc : createLazyRest;
    return { at, transport: create({ settings, url, limits, version }) };
  });
  let active = interfaces[0];

  /** Event ids are a thing of 1.0. */
  const sendsIds = ({ version }: SpokenInterface) => hasCursors && version === '1.0';

  /**
   * Goes to the next interface where the agent can not be reached, and nothing can have been done by that. Where none can
   * be reached, the next call begins with the same one.
   */
  async function reach<T>(
    method: keyof Methods,
    call: (transport: Transport, at: SpokenInterface) => Promise<T>,
    isFit: (at: SpokenInterface) => boolean = () => true,
  ): Promise<T> {
    const first = active;
    const start = interfaces.indexOf(first);
    const unreached: SpokenInterface[] = [];
    let failure: unknown;
    for (const { at, transport } of [...ways.slice(start), ...ways.slice(0, start)]) {
      if (!isFit(at) || isInVain(at, unreached)) continue;
      active = at;
      try {
        return await call(transport, at);
      } catch (error) {
        const isElsewhere = isClientError(error) && error.code === 'ERR_A2A_CONNECTION';
        if (!isElsewhere || (error.mayHaveArrived && !READS.has(method))) throw error;
        failure = error;
        unreached.push(at);
      }
    }
    active = first;
    throw failure;
  }

  function headersOf(at: SpokenInterface, { headers, cursor }: StreamContext): Record<string, string> {
    const { version } = at;
    const list = [...(sendsIds(at) ? [RESUMABLE_STREAM] : []), ...others].join(', ');
    return {
      'A2A-Version': version,
      ...(list !== '' && { [version === '1.0' ? 'A2A-Extensions' : 'X-A2A-Extensions']: list }),
      ...(cursor !== undefined && { 'Last-Event-ID': cursor }),
      ...headers,
    };
  }

  return {
    active: () => active,
    send: (method, params, context) =>
      reach(method, (transport, at) =>
        transport.send(method, withTenant(params, at), {
          signal: context.signal,
          headers: headersOf(at, context),
          limitMs: method === 'SendMessage' ? settings.timeouts.answerMs : settings.timeouts.headMs,
        }),
      ),
    stream: (method, params, context) =>
      reach(
        method,
        async (transport, at) => {
          const opened = await transport.stream(method, withTenant(params, at), {
            signal: context.signal,
            headers: headersOf(at, context),
            limitMs: settings.timeouts.headMs,
          });
          return { ...opened, hasCursors: sendsIds(at) };
        },
        context.cursor === undefined ? undefined : sendsIds,
      ),
  };
}

/** The HTTP+JSON binding is a file of its own, which clients of JSON-RPC never load. */
function createLazyRest(options: TransportOptions): Transport {
  let loading: Promise<Transport> | undefined;
  const load = () => (loading ??= import('./rest.ts').then(({ createRest }) => createRest(options)));
  return {
    url: options.url,
    send: async (...call) => (await load()).send(...call),
    stream: async (...call) => (await load()).stream(...call),
  };
}

/** Operations that change nothing, so that they may be tried twice. */
const READS: ReadonlySet<keyof Methods> = new Set<keyof Methods>([
  'GetTask',
  'ListTasks',
  'SubscribeToTask',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
]);

/**
 * Whether this is an older version at an address that could not be reached. It may answer a moment later, when the server
 * is there again, and would be kept, without what the newer version can do.
 */
function isInVain(at: SpokenInterface, unreached: readonly SpokenInterface[]): boolean {
  const { host } = new URL(at.url);
  return unreached.some(({ url, version }) => new URL(url).host === host && at.version < version);
}

/** The tenant as the interface has it (§4.4.6), whatever the caller put there. */
function withTenant<P extends { tenant?: string }>(params: P, { tenant }: SpokenInterface): P {
  const { tenant: _, ...rest } = params;
  return { ...rest, ...(tenant !== undefined && { tenant }) } as P; // P but for its tenant
}
