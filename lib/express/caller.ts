import type { IncomingMessage } from 'node:http';
import { ConfigError } from '../core/config-error.ts';
import type { Address } from '../http/urls.ts';

/** The owner that identity middleware has left on the request. Throws where it left somebody without a name. */
export function defaultOwner(req: IncomingMessage): string | null {
  const user = field(req, 'user');
  const auth = field(req, 'auth');
  if (isAbsent(user) && isAbsent(auth)) return null;
  const id = [field(user, 'id'), field(field(auth, 'payload'), 'sub'), field(auth, 'sub')].find(
    (value) => !isAbsent(value),
  );
  return checkOwner(id, 'req.user or req.auth is set, but has no id or sub that is a string');
}

/** Makes sure that an owner is a name, or null on purpose: a signed-in caller never becomes anonymous by accident. */
export function checkOwner(owner: unknown, why = 'Option `owner` gave neither a string nor null'): string {
  // half a surrogate pair has no UTF-8: to a store two callers would be one
  if (typeof owner === 'string' && /^[^\0\p{Cs}]+$/u.test(owner)) return owner;
  throw new ConfigError(
    'ERR_A2A_OWNER',
    `${why}: pass \`owner\`, a function of the request that gives who calls`,
  );
}

/** How this client reaches the router: what a proxy says of host, protocol and prefix counts where the app trusts it. */
export function addressOf(req: IncomingMessage): Address {
  const mount = field(req, 'baseUrl');
  return {
    origin: `${protocolOf(req)}://${forwardedHost(req) ?? hostOf(req)}`,
    prefix: prefixOf(req),
    mount: typeof mount === 'string' ? mount : '',
  };
}

/** The same where Express has not seen the request: `app` is the one behind, whose settings count. */
export function addressBefore(req: IncomingMessage, app: unknown, mount: string): Address {
  const protocol = forwarded(req, 'x-forwarded-proto', app) ?? protocolOf(req);
  const origin = `${protocol}://${forwardedHost(req, app) ?? hostOf(req)}`;
  return { origin, prefix: prefixOf(req, app), mount };
}

/** In front of Express nobody has set it. */
function protocolOf(req: IncomingMessage): string {
  const protocol = field(req, 'protocol');
  if (typeof protocol === 'string') return protocol;
  return field(req.socket, 'encrypted') === true ? 'https' : 'http';
}

/** HTTP/2 has it in the authority. */
function hostOf({ headers }: IncomingMessage): string {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : (headers.host ?? '');
}

/** What a proxy that the app trusts says. Express 4 leaves the port out of `req.host`, so this is what Express 5 does. */
export function forwardedHost(req: IncomingMessage, app: unknown = field(req, 'app')): string | undefined {
  return forwarded(req, 'x-forwarded-host', app);
}

/** The first value that a proxy has left in a header, where the app trusts it. */
function forwarded(req: IncomingMessage, name: string, app: unknown): string | undefined {
  const given = req.headers[name];
  if (given === undefined || !trustsProxy(req, app)) return undefined;
  const [first = ''] = String(given).split(',', 1);
  return first.trim();
}

/** The path that a proxy took off; Express leaves this header to us. */
function prefixOf(req: IncomingMessage, app: unknown = field(req, 'app')): string {
  const path = forwarded(req, 'x-forwarded-prefix', app)?.replace(/\/+$/, '') ?? '';
  // no step of it may be `.` or `..`: clients would take them as the way to another path
  return /^(?:\/(?!(?:\.|%2e){1,2}(?:\/|$))[\w.~!$&'()*+;=:@%-]+)*$/i.test(path) ? path : '';
}

/** Whether the app takes the word of who sent the request on forwarded hosts and protocols. */
export function trustsProxy(req: IncomingMessage, app: unknown = field(req, 'app')): boolean {
  const get = field(app, 'get');
  const trust: unknown = typeof get === 'function' ? Reflect.apply(get, app, ['trust proxy fn']) : undefined;
  return (
    typeof trust === 'function' && Reflect.apply(trust, undefined, [req.socket.remoteAddress, 0]) === true
  );
}

function field(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return (value as Record<string, unknown>)[name]; // an object may have any field
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
