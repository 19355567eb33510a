import type { LookupAddress } from 'node:dns';
import { Agent as HttpAgent, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';

/** Makes connections to nothing but given addresses. */
export interface PinnedAgents {
  /** What a request needs for it. Host and SNI stay the name. */
  readonly to: (url: URL, addresses: readonly LookupAddress[]) => RequestOptions;
  /** Ends all connections. */
  readonly close: () => void;
}

interface PinnedOptions extends RequestOptions {
  readonly pinned?: string;
}

const IDLE_MS = 10_000;
const MOST_IDLE = 4;

/**
 * Connections are kept for the next request to the same addresses only: a name that has moved gets a new one. No
 * proxy is used, whatever the environment says: it would connect to addresses that nobody has checked.
 */
export function createPinnedAgents(): PinnedAgents {
  const options = { keepAlive: true, maxFreeSockets: MOST_IDLE, timeout: IDLE_MS };
  const http = keptByAddress(new HttpAgent(options));
  const https = keptByAddress(new HttpsAgent(options));
  return {
    to(url, addresses) {
      const pinned = addresses
        .map(({ address }) => address)
        .sort()
        .join();
      const agent = url.protocol === 'https:' ? https : http;
      return { agent, lookup: pinnedLookup(addresses), pinned } as PinnedOptions;
    },
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** Answers with the addresses that were checked, whatever the name is. */
function pinnedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

function keptByAddress<T extends HttpAgent>(agent: T): T {
  const nameOf = agent.getName.bind(agent);
  agent.getName = (options: PinnedOptions = {}) => `${nameOf(options)}:${options.pinned ?? ''}`;
  return agent;
}
