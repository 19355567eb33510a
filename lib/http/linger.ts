import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';

/** How long a client may go on sending after it has been answered. */
const LINGER_MS = 5000;

/**
 * Cuts a client off that goes on sending though it has its answer: a body that was refused may never end. What comes
 * until then is thrown away, so that clients which read only after they have sent get to read. For calls whose body has
 * not been read to its end.
 */
export function cutUnread(req: IncomingMessage, res: ServerResponse, clock: Clock): void {
  if (req.complete) return;
  const linger = () => {
    if (req.complete || req.destroyed) return;
    req.resume();
    const cancel = clock.after(LINGER_MS, () => {
      req.destroy();
    });
    req.once('close', cancel);
  };
  if (res.writableFinished) linger();
  else res.once('finish', linger);
}
