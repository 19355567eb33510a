import { createHostCheck } from '../http/allowed-hosts.ts';
import type { Middleware } from '../http/handler.ts';
import { forwardedHost } from './caller.ts';

/** What `allowedHosts` takes besides the hosts. */
export interface AllowedHostsOptions {
  /** Further origins whose pages may call, such as 'https://app.example.com'. @defaultValue none */
  readonly origins?: readonly string[];
}

const THIS_MACHINE = ['localhost', '127.0.0.1', '::1'];

/**
 * Refuses requests that came under another name, so that no page in a browser reaches a server on its own machine or
 * network by DNS rebinding. `hosts` are names or addresses without a port; any port is fine. Every host of a request
 * must be one: Host, and X-Forwarded-Host where the app trusts its proxy. An Origin must be one of `origins`, or have
 * an allowed host; requests without one pass. What is refused gets 403: a google.rpc.Status
 * where the path ends as one of HTTP+JSON, JSON-RPC for any other POST, else plain text.
 * Throws a ConfigError for what is no host or origin.
 */
export function allowedHosts(
  hosts: readonly string[] = THIS_MACHINE,
  { origins = [] }: AllowedHostsOptions = {},
): Middleware {
  return createHostCheck({ hosts, origins, forwardedHost });
}
