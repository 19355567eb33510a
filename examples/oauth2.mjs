// Callers with an access token of your identity provider: ISSUER=https://… AUDIENCE=https://… node examples/oauth2.mjs
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { a2aRouter } from 'express-a2a';
import { listen } from './listen.mjs';
import { playgroundAgent } from './playground-agent.mjs';

const issuer = process.env['ISSUER'] ?? 'https://issuer.example';
const audience = process.env['AUDIENCE'] ?? 'https://agents.example';

const a2a = a2aRouter({
  card: {
    ...{ name: 'Playground', description: 'Answers those with a token', version: '1.0.0' },
    securitySchemes: {
      oidc: {
        openIdConnectSecurityScheme: { openIdConnectUrl: `${issuer}/.well-known/openid-configuration` },
      },
    },
    securityRequirements: [{ schemes: { oidc: { list: ['agent:use'] } } }],
  },
  // whose tasks these are is `req.auth.payload.sub`, without a word
  agent: playgroundAgent,
});

const app = express();
// the card is for everybody: it says where to sign in
app.use(a2a.wellKnown('/a2a'));
app.use('/a2a', auth({ issuerBaseURL: issuer, audience }), requiredScopes('agent:use'), a2a);
listen(app, a2a);
