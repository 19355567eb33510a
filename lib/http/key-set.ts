import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { errorAnswer } from '../jsonrpc/error.ts';
import { InvalidRequestError } from '../protocol/errors.ts';
import { isRead, sendDocument, writeDocument } from './document.ts';
import { respond, vary } from './respond.ts';

/** Where the public keys are, below the mount. */
export const KEY_SET_PATH = '/.well-known/jwks.json';

/** How long receivers may keep them, which is how long a new key has to be there before it signs. */
const MAX_AGE_S = 600;

/** Makes the answer to requests for the public keys that notifications are signed with (RFC 7517 §5). */
export function createKeySetServer(
  keySet: object,
  clock: Clock,
): (req: IncomingMessage, res: ServerResponse) => void {
  const document = writeDocument(keySet);
  const madeAt = Math.floor(clock.now() / 1000) * 1000;
  return (req, res) => {
    if (!isRead(req)) {
      const refusal = errorAnswer(null, new InvalidRequestError('This path is for GET, HEAD'), 405);
      respond(req, res, { ...refusal, headers: { ...refusal.headers, Allow: 'GET, HEAD' } });
      return;
    }
    const varies = vary(res, []);
    const headers = {
      'Cache-Control': `public, max-age=${String(MAX_AGE_S)}`,
      ...(varies !== '' && { Vary: varies }),
    };
    sendDocument(req, res, document, { headers, madeAt });
  };
}
