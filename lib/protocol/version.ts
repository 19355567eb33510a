import { MethodNotFoundError, VersionNotSupportedError } from './errors.ts';
import { nearestName } from './nearest-name.ts';
import { isObject } from './protojson.ts';
import { a2aV1Methods } from './v1.schema.ts';
import type { Methods } from './v1.ts';

/** A version of the protocol that this package can speak. */
export type Version = '1.0' | '0.3';

/** An operation by its name in A2A 1.0, and the dialect in which parameters are read and the answer is written. */
export interface ResolvedCall {
  readonly method: keyof Methods;
  readonly dialect: Version;
}

/**
 * The version a client asks for with the header A2A-Version, or with the query parameter of that name in any case where
 * the header is absent or empty (§3.6.1). Undefined when it asks for none; of `1.0.3` only `1.0` counts.
 *
 * Throws VersionNotSupportedError for several values, for what is no version, and for one that is not served.
 */
export function readVersion(
  header: string | readonly string[] | undefined,
  query: URLSearchParams,
  served: readonly Version[],
): Version | undefined {
  // what nearly all clients send
  const exact = served.find((each) => each === header);
  if (exact !== undefined) return exact;
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  const values = lines.some((line) => line !== '') ? lines : queryVersions(query);
  if (values.every((value) => value === '')) return undefined;
  const [value = '', ...more] = values;
  const asked = more.length === 0 ? /^(\d+\.\d+)(?:\.\d+)?$/.exec(value)?.[1] : undefined;
  const version = served.find((each) => each === asked);
  if (version === undefined) {
    throw new VersionNotSupportedError(`This version of A2A is not served: ${headerToSend(served)}`, served);
  }
  return version;
}

function queryVersions(query: URLSearchParams): string[] {
  return [...query].filter(([name]) => name.toLowerCase() === 'a2a-version').map(([, value]) => value);
}

/**
 * Finds the operation and the dialect of a JSON-RPC call (§3.6.2), by the version that was asked for, the name of the
 * method, and for a message without a version by its role.
 *
 * Throws VersionNotSupportedError where that dialect is not served, and MethodNotFoundError for an unknown name and
 * for a 1.0 name under an explicit 0.3. Both say what to send instead.
 */
export function resolveCall(given: {
  version: Version | undefined;
  method: string;
  params: unknown;
  served: readonly Version[];
}): ResolvedCall {
  const { version, method: name, params, served } = given;
  const method = isMethod(name) ? name : METHODS.find((each) => a2aV1Methods[each].older === name);
  if (version !== undefined) assertServed(version, served, 'This version of A2A is not served');
  if (method === undefined) throw unknownMethod(name, version ?? '1.0');
  if (version === '0.3' && method === name) {
    throw new MethodNotFoundError(`${name} is a method of A2A 1.0: send the header A2A-Version: 1.0`);
  }
  const dialect = version ?? (method === name || isLifted(method, params) ? '1.0' : '0.3');
  assertServed(
    dialect,
    served,
    `Without the header A2A-Version this is a call of A2A ${dialect}, which is not served`,
  );
  return { method, dialect };
}

// hasOwn, because `constructor` and its like are no methods
function isMethod(name: string): name is keyof Methods {
  return Object.hasOwn(a2aV1Methods, name);
}

// the keys of a constant that has no others
const METHODS = Object.keys(a2aV1Methods) as (keyof Methods)[];

function assertServed(version: Version, served: readonly Version[], why: string): void {
  if (!served.includes(version))
    throw new VersionNotSupportedError(`${why}: ${headerToSend(served)}`, served);
}

function headerToSend(served: readonly Version[]): string {
  return `send the header ${served.map((version) => `A2A-Version: ${version}`).join(' or ')}`;
}

// clients of 1.0 that forget the header are common, and a message tells which version wrote it
function isLifted(method: keyof Methods, params: unknown): boolean {
  if (method !== 'SendMessage' && method !== 'SendStreamingMessage') return false;
  const message = isObject(params) && isObject(params['message']) ? params['message'] : {};
  const { role, parts } = message;
  if (typeof role === 'number' || (typeof role === 'string' && role.startsWith('ROLE_'))) return true;
  if (role === 'user' || role === 'agent') return false;
  return !hasKind(message) && !(Array.isArray(parts) && parts.some(hasKind));
}

function hasKind(value: unknown): boolean {
  return isObject(value) && Object.hasOwn(value, 'kind');
}

function unknownMethod(name: string, version: Version): MethodNotFoundError {
  const names = new Map<string, string>();
  for (const method of METHODS) {
    const { older } = a2aV1Methods[method];
    if (version === '1.0') names.set(method, method);
    if (older !== null) names.set(older, version === '1.0' ? method : older);
  }
  const nearest = nearestName(name, [...names.keys()]);
  const hint = nearest === undefined ? '' : ` Did you mean ${String(names.get(nearest))}?`;
  return new MethodNotFoundError(
    `No such method.${hint} The methods of A2A ${version} are ${[...new Set(names.values())].join(', ')}`,
  );
}
