import { InvalidParamsError } from '../protocol/errors.ts';
import { isIdentifier } from './admission.ts';
import { ConfigError } from './config-error.ts';

/** The tenants of an agent; '' stands for calls that name none. A function is asked with each call. */
export type Tenants = readonly string[] | ((tenant: string) => boolean | Promise<boolean>);

/** The tenant of a call. Throws InvalidParamsError for one that is not known here: without tenants all but none (§8.3.2). */
export async function admitTenant(tenants: Tenants, params: object): Promise<string> {
  const tenant = 'tenant' in params ? String(params.tenant) : '';
  const isKnown = isIdentifier(tenant) && !isReservedTenant(tenant) && (await knows(tenants, tenant));
  if (isKnown) return tenant;
  const description =
    typeof tenants !== 'function' && tenants.length === 0
      ? 'is not known here: this agent has no tenants, leave it out'
      : 'is not known here: send the one of the interface in the agent card';
  throw new InvalidParamsError([{ field: 'tenant', description }]);
}

async function knows(tenants: Tenants, tenant: string): Promise<boolean> {
  if (typeof tenants !== 'function') return tenants.length === 0 ? tenant === '' : tenants.includes(tenant);
  const known: unknown = await tenants(tenant);
  if (typeof known === 'boolean') return known;
  throw new ConfigError('ERR_A2A_OPTIONS', 'Option `tenants` gave neither true nor false');
}

// in the HTTP+JSON binding the tenant is the first step of the path, where these already have a meaning
const RESERVED = ['tasks', 'message:send', 'message:stream', 'extendedAgentCard', '.well-known', '.', '..'];

/** Whether a name can not be that of a tenant, as paths have a meaning for it. */
export function isReservedTenant(name: string): boolean {
  return RESERVED.includes(name);
}
