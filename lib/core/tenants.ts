import { InvalidParamsError } from '../protocol/errors.ts';
import { isIdentifier } from './admission.ts';
import { ConfigError } from './config-error.ts';

/** The tenants of an agent; '' stands for calls that name none. A function is asked with each call. */
export type Tenants = readonly string[] | ((tenant: string) => boolean | Promise<boolean>);

type ListedTenants = Extract<Tenants, readonly string[]>;
type AskedTenants = Exclude<Tenants, ListedTenants>;

/** The tenant of a call. Throws InvalidParamsError for one that is not in the list: where that is empty, for all but none (§8.3.2). */
export function admitListed(tenants: ListedTenants, params: object): string {
  const tenant = tenantOf(params);
  const isListed = tenants.length === 0 ? tenant === '' : tenants.includes(tenant);
  if (isPossible(tenant) && isListed) return tenant;
  throw unknownTenant(
    tenants.length === 0
      ? 'this agent has no tenants, leave it out'
      : 'send the one of the interface in the agent card',
  );
}

/** As `admitListed`, where the application knows the tenants. */
export async function admitAsked(tenants: AskedTenants, params: object): Promise<string> {
  const tenant = tenantOf(params);
  const isKnown: unknown = isPossible(tenant) && (await tenants(tenant));
  if (isKnown === true) return tenant;
  if (isKnown === false) throw unknownTenant('send the one of the interface in the agent card');
  throw new ConfigError('ERR_A2A_OPTIONS', 'Option `tenants` gave neither true nor false');
}

function tenantOf(params: object): string {
  return 'tenant' in params ? String(params.tenant) : '';
}

function isPossible(tenant: string): boolean {
  return isIdentifier(tenant) && !isReservedTenant(tenant);
}

function unknownTenant(advice: string): InvalidParamsError {
  return new InvalidParamsError([{ field: 'tenant', description: `is not known here: ${advice}` }]);
}

// in the HTTP+JSON binding the tenant is the first step of the path, where these already have a meaning
const RESERVED = ['tasks', 'message:send', 'message:stream', 'extendedAgentCard', '.well-known', '.', '..'];

/** Whether a name can not be that of a tenant, as paths have a meaning for it. */
export function isReservedTenant(name: string): boolean {
  return RESERVED.includes(name);
}
