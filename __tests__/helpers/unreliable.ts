import type { Clock } from '../../lib/core/clock.ts';
import type { Behave, Received } from './receiver.ts';
import type { Random } from './seeded.ts';

/** A webhook that fails, hangs, answers slowly, redirects, resets or takes what comes. `onTaken` is told what it takes. */
export function unreliable(
  random: Random,
  isKind: () => boolean,
  clock: Clock,
  onTaken: (received: Received) => void,
): Behave {
  return (res, received, req) => {
    const luck = isKind() ? 0.9 : random.next();
    if (luck < 0.1) return res.writeHead(500).end('no');
    if (luck < 0.12) return undefined; // never answers
    if (luck < 0.2) return res.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end();
    if (luck < 0.3) return req.socket.resetAndDestroy();
    onTaken(received);
    // what is taken may look lost all the same
    if (luck < 0.35) return req.socket.resetAndDestroy();
    if (luck < 0.5) return clock.after(20, () => res.writeHead(204).end());
    return res.writeHead(204).end();
  };
}
