import type { Version } from '../protocol/version.ts';
import type { CardCache } from './card-cache.ts';
import type { Binding } from './interfaces.ts';
import { createSignalHub, type SignalHub } from './scope.ts';

/** Headers by name. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Gives the headers of a request; `unauthorized` when the ones before were answered with 401, so that a token can be renewed. */
export type HeadersFunction = (request: {
  readonly url: string;
  readonly unauthorized: boolean;
}) => RequestHeaders | Promise<RequestHeaders>;

/** How long each phase may take, in ms; 0 is for ever. */
export interface Timeouts {
  /** Until the card is there. Default 30 000. */
  readonly cardMs?: number;
  /** Until the head of an answer is there, and a whole answer except that of `send`. Default 30 000. */
  readonly headMs?: number;
  /** Until the answer of `send` is there, which waits for the agent. Default 0. */
  readonly answerMs?: number;
  /** Silence in a stream after which it counts as broken. Default 60 000 where the agent sends signs of life, else 300 000. */
  readonly idleMs?: number;
}

/** How long to go on with a stream that breaks. */
export interface ResumeOptions {
  /** Attempts without a new event in between. Default 10. */
  readonly attempts?: number;
  /** Time since the last event, in ms. Default 300 000. */
  readonly forMs?: number;
  /** Longest first delay, in ms; it doubles from attempt to attempt. Default: what the server says, else 1 000. */
  readonly firstDelayMs?: number;
  /** Longest delay of all, in ms. Default 15 000. */
  readonly maxDelayMs?: number;
}

/** Told when a stream broke, before it is gone on with. */
export interface StreamBreak {
  /** Undefined while no event has named the task. */
  readonly taskId: string | undefined;
  /** The place after which the stream goes on; undefined where the agent has none. */
  readonly cursor: string | undefined;
  /** 1 for the first attempt since the last event. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

/** A public key (RFC 7517). */
export interface PublicJwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly [field: string]: unknown;
}

/** Which signatures of a card to believe (§8.4.3). `keys`, `trustedHosts` or both must be there. */
export interface CardVerification {
  /** Public keys as JWKs. One with a `kid` is for signatures that name it, one without for all. */
  readonly keys?: readonly PublicJwk[];
  /** Hosts (with the port, where it is not 443) whose key sets are fetched over https when a signature names them as `jku`. */
  readonly trustedHosts?: readonly string[];
  /** Algorithms to accept. Default: all of JOSE with public keys. */
  readonly algorithms?: readonly string[];
}

/** Options of `A2AClient.connect`. All are optional. */
export interface ClientOptions {
  /** Default: the global fetch. */
  readonly fetch?: typeof fetch;
  /** Headers of every request, such as Authorization. A function is asked again once when the answer is 401. */
  readonly headers?: RequestHeaders | HeadersFunction;
  /** Ends everything that this client does. */
  readonly signal?: AbortSignal;
  readonly timeouts?: Timeouts;
  /** Versions of A2A to speak, which pins them. Default: the newest that both sides know. */
  readonly versions?: readonly Version[];
  /** Bindings to speak, the preferred one first. Default: both, in the order of the card. */
  readonly bindings?: readonly Binding[];
  /** URIs of extensions to activate besides resumable streams (§4.6). */
  readonly extensions?: readonly string[];
  /** Refuses a card without a good signature, also the extended one. Loads `jose`. */
  readonly verifyCard?: CardVerification;
  /** Cards by URL, such as a Map that several clients share: they are read again as their caching headers say (§8.6). */
  readonly cardCache?: CardCache;
  /** `false` never goes on with a broken stream. */
  readonly resume?: ResumeOptions | false;
  readonly onBreak?: (broken: StreamBreak) => void;
  /** Largest answer, and largest event of a stream, in bytes. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** The options with their defaults. */
export interface Settings extends ClientOptions {
  readonly fetch: typeof fetch;
  readonly versions: readonly Version[];
  readonly timeouts: Required<Omit<Timeouts, 'idleMs'>> & Pick<Timeouts, 'idleMs'>;
  readonly maxBytes: number;
  readonly hub: SignalHub;
}

/** Fills in the defaults. Throws a TypeError that names the option that is wrong. */
export function settingsOf(options: ClientOptions): Settings {
  const { versions = SPOKEN, timeouts = {}, maxBytes = 64 * 1024 * 1024 } = options;
  if (versions.length === 0 || versions.some((version) => !SPOKEN.includes(version))) {
    throw new TypeError(`Option \`versions\` lists what to speak: ${SPOKEN.join(', ')}`);
  }
  const { bindings } = options;
  if (bindings?.length === 0 || bindings?.some((each) => !BINDINGS.includes(each))) {
    throw new TypeError('Option `bindings` lists what to speak: JSONRPC, HTTP+JSON');
  }
  for (const [name, value] of Object.entries({ ...timeouts, maxBytes })) checkNumber(name, value);
  if (typeof options.resume === 'object') {
    for (const [name, value] of Object.entries(options.resume)) checkNumber(`resume.${name}`, value);
  }
  const { verifyCard: trust } = options;
  if (trust !== undefined && trust.keys === undefined && trust.trustedHosts === undefined) {
    throw new TypeError('Option `verifyCard` needs `keys` or `trustedHosts`, else it could trust nobody');
  }
  return {
    ...options,
    // a method of window, which minds what it is called on
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    // the newest first
    versions: [...new Set(versions)].sort().reverse(),
    timeouts: { cardMs: 30_000, headMs: 30_000, answerMs: 0, ...timeouts },
    maxBytes,
    hub: createSignalHub(),
  };
}

const SPOKEN: readonly Version[] = ['1.0', '0.3'];
const BINDINGS: readonly Binding[] = ['JSONRPC', 'HTTP+JSON'];

function checkNumber(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return;
  throw new TypeError(`Option \`${name}\` must be a number that is not negative`);
}
