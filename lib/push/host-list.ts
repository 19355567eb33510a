import { isIPv6 } from 'node:net';
import { ConfigError } from '../core/config-error.ts';

/** Makes the test for a list of hosts, such as `example.com` and `*.example.com`. Throws a ConfigError for what is none. */
export function createHostList(given: unknown): (host: string) => boolean {
  if (!Array.isArray(given)) throw wrong('must be a list of hosts');
  const exact = new Set<string>();
  const endings: string[] = [];
  for (const item of given as readonly unknown[]) {
    const text = String(item);
    const isBelow = text.startsWith('*.');
    const name = readName(isBelow ? text.slice(2) : text);
    if (isBelow) endings.push(`.${name}`);
    else exact.add(name);
  }
  return (host) => exact.has(host) || endings.some((ending) => host.endsWith(ending));
}

/** The host of a URL without the brackets of IPv6 and the dot of the root. Undefined for what is no name. */
export function nameOf(hostname: string): string | undefined {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return isIPv6(name) || /^(?!\.)(?!.*\.\.)[\w.-]+(?<!\.)$/.test(name) ? name : undefined;
}

function readName(text: string): string {
  const host = isIPv6(text) ? `[${text}]` : text;
  // what the parser of URLs takes off was no part of a host
  const isHost = /^[^\s:/?#@\\%*]+$|^\[[\da-f:.]+\]$/i.test(host) && URL.canParse(`http://${host}`);
  const name = isHost ? nameOf(new URL(`http://${host}`).hostname) : undefined;
  if (name !== undefined) return name;
  throw wrong(
    `has ${JSON.stringify(text)}, which is no host: pass names without port, such as 'example.com' or '*.example.com'`,
  );
}

function wrong(why: string): ConfigError {
  return new ConfigError('ERR_A2A_OPTIONS', `Option \`push.allowHosts\` ${why}`);
}
