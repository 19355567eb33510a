import type { Clock } from '../core/clock.ts';
import { parseUrl } from '../protocol/url.ts';

/** Which host may have how many of the POSTs that a sender makes at the same time. */
export interface HostSlots {
  /** Takes a slot for the host of the URL; the function gives it back. Undefined: the host has its share. */
  readonly take: (url: string) => (() => void) | undefined;
  /** How long, in ms, it is worth to leave the host alone that has its share. */
  readonly pauseMs: (url: string) => number;
}

const SHORTEST_MS = 25;
const LONGEST_MS = 5000;

/**
 * A host may have no more slots than are free: one that hangs gets half of them, two a third each, and there is always
 * something left for those that answer.
 */
export function createHostSlots(slots: number, clock: Pick<Clock, 'elapsed'>): HostSlots {
  /** When the POSTs under way to each host began, oldest first. */
  const hosts = new Map<string, Set<{ readonly since: number }>>();
  let taken = 0;

  return {
    take(url) {
      const host = hostOf(url);
      const own = hosts.get(host) ?? new Set();
      if (own.size >= slots - taken) return undefined;
      const slot = { since: clock.elapsed() };
      own.add(slot);
      hosts.set(host, own);
      taken += 1;
      return () => {
        if (!own.delete(slot)) return;
        taken -= 1;
        if (own.size === 0) hosts.delete(host);
      };
    },
    // a host that answers is asked again soon; the longer one hangs, the less often its webhooks are looked at
    pauseMs(url) {
      const [oldest] = hosts.get(hostOf(url)) ?? [];
      const age = oldest === undefined ? 0 : clock.elapsed() - oldest.since;
      return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, age));
    },
  };
}

/** All ports of a name are one host. */
function hostOf(url: string): string {
  return parseUrl(url)?.hostname ?? '';
}
