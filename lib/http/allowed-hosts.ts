import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Answer } from '../binding/answer.ts';
import { ConfigError } from '../core/config-error.ts';
import { errorAnswer } from '../jsonrpc/error.ts';
import { A2AError } from '../protocol/errors.ts';
import { errorAnswer as restErrorAnswer } from '../rest/error.ts';
import { endsAsOperation } from '../rest/match.ts';
import { type Middleware, pathOf } from './handler.ts';
import { respond } from './respond.ts';

/** Under which names a server is reached, and from which pages. */
export interface HostCheck {
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** The host that a trusted proxy names. */
  readonly forwardedHost: (req: IncomingMessage) => string | undefined;
}

/** Makes the check of hosts and origins. Throws a ConfigError for what is none. */
export function createHostCheck({ hosts, origins, forwardedHost }: HostCheck): Middleware {
  const names = new Set(listed(hosts, 'hosts').map(readName));
  const known = new Set(listed(origins, 'origins').map(readOrigin));

  function isAllowed(host: string): boolean {
    const name = nameOf(host);
    return name !== undefined && names.has(name);
  }

  function faultOf(req: IncomingMessage): string | undefined {
    const given = [...hostsOf(req), forwardedHost(req)].filter((host) => host !== undefined);
    if (given.length === 0 || !given.every(isAllowed))
      return 'The Host header names none of the hosts of this server: call it by one of those that allowedHosts names';
    const { origin } = req.headers;
    if (origin === undefined || known.has(origin) || isAllowed(hostOfOrigin(origin) ?? '')) return undefined;
    return 'Calls from this origin are not allowed: it has to be among the origins of allowedHosts';
  }

  return (req, res, next) => {
    const fault = faultOf(req);
    if (fault === undefined) {
      next();
      return;
    }
    const answer = answerInBinding(req, new A2AError(FORBIDDEN, fault));
    if (answer !== undefined) respond(req, res, answer);
    else res.writeHead(403, { 'Content-Type': 'text/plain' }).end(`${fault}\n`);
  };
}

/** As the binding says it that the request looks like; the mounts are not known here. */
function answerInBinding(req: IncomingMessage, error: A2AError): Answer | undefined {
  const { method = '' } = req;
  if (endsAsOperation(pathOf(req), method === 'HEAD' ? 'GET' : method)) return restErrorAnswer(error);
  return method === 'POST' ? errorAnswer(null, error) : undefined;
}

const FORBIDDEN = {
  code: -32000,
  httpStatus: 403,
  status: 'PERMISSION_DENIED',
  reason: 'PERMISSION_DENIED',
  domain: 'express-a2a',
} as const;

/** All that a request says about its host; each of several lines counts. */
function hostsOf(req: IncomingMessage): string[] {
  const { rawHeaders, url = '' } = req;
  // names and values take turns
  const lines = rawHeaders.filter((_, at) => at % 2 === 1 && isHostName(rawHeaders[at - 1] ?? ''));
  const ofUrl = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  return ofUrl === undefined ? lines : [...lines, ofUrl];
}

function isHostName(header: string): boolean {
  return /^(?:host|:authority)$/i.test(header);
}

/** The name in a Host header, without its port. Undefined for what is none. */
function nameOf(host: string): string | undefined {
  return canonical(host.replace(/:\d{0,5}$/, ''));
}

/** As URLs spell it: in lower case, addresses shortened, without the dot of the root. */
function canonical(name: string): string | undefined {
  const isName = /^(?:\[[\da-f:.]+\]|[^\s:/?#@[\]\\%,]+)$/i.test(name) && URL.canParse(`http://${name}`);
  return isName ? new URL(`http://${name}`).hostname.replace(/\.$/, '') : undefined;
}

function hostOfOrigin(origin: string): string | undefined {
  return /^https?:\/\/(.*)$/.exec(origin)?.[1];
}

function listed(given: unknown, option: string): readonly unknown[] {
  if (Array.isArray(given)) return given;
  throw new ConfigError('ERR_A2A_OPTIONS', `\`${option}\` of allowedHosts must be a list`);
}

function readName(given: unknown): string {
  const text = String(given);
  const name = canonical(isIPv6(text) ? `[${text}]` : text);
  if (name !== undefined) return name;
  throw new ConfigError(
    'ERR_A2A_OPTIONS',
    `${JSON.stringify(given)} is no host for allowedHosts: pass names or addresses without port, such as 'agent.example.com'`,
  );
}

function readOrigin(given: unknown): string {
  const text = String(given);
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new ConfigError(
    'ERR_A2A_OPTIONS',
    `${JSON.stringify(given)} is no origin for allowedHosts: pass what browsers send, such as 'https://app.example.com'`,
  );
}
