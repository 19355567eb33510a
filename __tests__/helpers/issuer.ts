import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An identity provider on this machine. */
export interface Issuer {
  readonly url: string;
  /** An access token that ends in an hour; `claims` replace the usual ones. */
  readonly token: (subject: string, claims?: Record<string, unknown>) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts an identity provider that publishes its key, as OpenID Connect has it. */
export async function startIssuer(audience: string): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  let url = '';
  const server = createServer((req, res) => {
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      '/keys': { keys: [key] },
    };
    const found = documents[req.url ?? ''];
    res.writeHead(found === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(found ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`; // it listens on a port
  return {
    url,
    token(subject, claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        ...{ iss: url, aud: audience, sub: subject, iat: now, exp: now + 3600, scope: 'agent:use' },
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(privateKey);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
