import type { IncomingMessage } from 'node:http';
import { ConfigError } from '../core/config-error.ts';
import { InvalidRequestError } from '../protocol/errors.ts';
import { parseUrl } from '../protocol/url.ts';

/** How a client reaches the agent: each part is '' where there is nothing. */
export interface Address {
  /** Protocol and host, as the client sees them. */
  readonly origin: string;
  /** The path that a proxy has taken off. */
  readonly prefix: string;
  /** The path below which the router is mounted. */
  readonly mount: string;
}

/** Tells how this client reaches the agent. */
export type AddressOf<Req extends IncomingMessage> = (req: Req) => Address;

/** Where the agent says it is: one URL, one that the application gives for each request, or the one that was asked. */
export interface UrlOptions<Req extends IncomingMessage> {
  readonly publicUrl?: string | ((req: Req) => string);
}

/** The URL of the agent. */
export interface Urls<Req extends IncomingMessage> {
  /** Whether every client gets the same. */
  readonly areFixed: boolean;
  /**
   * As this client reaches it, `addressOf` being asked where nobody has fixed it. Throws InvalidRequestError for a
   * host or protocol in the headers that is none, and a ConfigError where the application gave no URL.
   */
  readonly of: (req: Req, addressOf: AddressOf<Req>) => string;
}

/** Makes the URLs of an agent. */
export function createUrls<Req extends IncomingMessage>({ publicUrl }: UrlOptions<Req>): Urls<Req> {
  return {
    areFixed: typeof publicUrl === 'string',
    of(req, addressOf) {
      if (typeof publicUrl === 'string') return publicUrl;
      if (publicUrl !== undefined) return checked(publicUrl(req));
      const { origin, prefix, mount } = addressOf(req);
      if (!/^https?:/i.test(origin)) throw new InvalidRequestError('X-Forwarded-Proto must be http or https');
      if (!isOrigin(origin))
        throw new InvalidRequestError('The Host header is not valid: send the name of this host');
      return `${origin}${prefix}${mount}`;
    },
  };
}

function checked(url: unknown): string {
  const fault = urlFault(url);
  if (fault === undefined) return String(url);
  throw new ConfigError('ERR_A2A_OPTIONS', `Option \`publicUrl\` gave ${JSON.stringify(url)}: it ${fault}`);
}

/** What is wrong with the URL of an agent; undefined where nothing is. */
export function urlFault(value: unknown): string | undefined {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (isWeb && url.search === '' && url.hash === '') return undefined;
  return 'must be an absolute http or https URL without query, such as https://agents.example.com/a2a';
}

/** Whether this is a protocol and a host and nothing else: both come from headers. */
function isOrigin(text: string): boolean {
  return /^\w+:\/\/[^/?#@\\]+$/.test(text) && parseUrl(text) !== undefined;
}
