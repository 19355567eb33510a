// Callers with a token, known to passport: curl -H 'Authorization: Bearer ada-token' …
import { createHash } from 'node:crypto';
import express from 'express';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { a2aRouter } from 'express-a2a';
import { listen } from './listen.mjs';
import { playgroundAgent } from './playground-agent.mjs';

// stands for your table of tokens, which has their hashes: who reads it can not call
const users = new Map([
  [hash('ada-token'), { id: 'ada', isBlocked: false }],
  [hash('ben-token'), { id: 'ben', isBlocked: false }],
  [hash('eve-token'), { id: 'eve', isBlocked: true }],
]);

passport.use(
  new Strategy((token, done) => {
    done(null, users.get(hash(token)) ?? false);
  }),
);

const a2a = a2aRouter({
  card: {
    ...{ name: 'Playground', description: 'Answers those it knows', version: '1.0.0' },
    securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
  },
  // whose tasks these are is `req.user.id`, without a word
  agent: playgroundAgent,
});

/**
 * @param {express.Request} req
 * @param {express.Response} res
 * @param {express.NextFunction} next
 */
function refuseBlocked(req, res, next) {
  if (req.user && 'isBlocked' in req.user && req.user.isBlocked)
    res.status(403).send('Your account is blocked');
  else next();
}

const app = express();
// the card is for everybody: it says how to sign in
app.use(a2a.wellKnown('/a2a'));
app.use('/a2a', passport.authenticate('bearer', { session: false }), refuseBlocked, a2a);
listen(app, a2a);

/** @param {string} token */
function hash(token) {
  return createHash('sha256').update(token).digest('base64url');
}
