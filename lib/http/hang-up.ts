import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Ends the connection after this answer: a server that shuts down waits for its connections, and clients keep those
 * whose answers they have. Connections of HTTP/2 are their clients' to end.
 */
export function hangUpAfter(req: IncomingMessage, res: ServerResponse): void {
  if (req.httpVersionMajor !== 1) return;
  // node says so in the head, where it has not been sent
  res.shouldKeepAlive = false;
  const hangUp = () => {
    req.socket.destroySoon();
  };
  if (res.writableFinished) hangUp();
  else res.once('finish', hangUp);
}
