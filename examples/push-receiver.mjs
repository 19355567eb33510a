// A webhook for notifications of an agent: signature, token, each notification once.
//   JWKS_URL=http://127.0.0.1:3000/a2a/.well-known/jwks.json TOKEN=my-token node examples/push-receiver.mjs
import { timingSafeEqual } from 'node:crypto';
import express from 'express';
import { createPushVerifier, PushError } from 'express-a2a/push';

const { JWKS_URL: jwksUrl = 'http://127.0.0.1:3000/a2a/.well-known/jwks.json', TOKEN = 'my-token' } =
  process.env;
// the URL that the client registers, whatever this server is called behind its proxy
const audience = process.env['AUDIENCE'] ?? 'https://app.example/hooks/a2a';

const verifyPush = createPushVerifier({ jwksUrl, audience });
// in an app of yours this is a table, written in one transaction with what the notification changes
/** @type {Map<string, unknown>} */
const received = new Map();

const app = express();

// the check needs the body as it was sent, so no express.json() in front of it
app.post('/hooks/a2a', express.raw({ type: () => true, limit: '10mb' }), async (req, res) => {
  const { id, body } = await verifyPush(req);
  if (!isOurs(req.headers['x-a2a-notification-token'])) {
    res.status(403).send('The token is not ours\n');
    return;
  }
  // a notification whose answer was lost comes again
  if (!received.has(id)) received.set(id, JSON.parse(body));
  res.sendStatus(204);
});

app.get('/received', (_req, res) => {
  res.json([...received].map(([id, event]) => ({ id, event })));
});

app.use(
  /**
   * @param {unknown} error
   * @param {import('express').Request} _req
   * @param {import('express').Response} res
   * @param {import('express').NextFunction} next
   */
  (error, _req, res, next) => {
    if (error instanceof PushError) res.status(error.status).json({ code: error.code });
    else next(error);
  },
);

/** @param {string | string[] | undefined} token */
function isOurs(token) {
  const [given, wanted] = [Buffer.from(String(token)), Buffer.from(TOKEN)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const server = app.listen(Number(process.env['PORT'] ?? 3001), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : address;
  console.log(`Receiving notifications at http://127.0.0.1:${port}/hooks/a2a`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
