import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PushOutcome } from '../../lib/push/post.ts';
import { CA, EXPIRED, KEY, SELF_SIGNED, SIGNED } from '../helpers/certificates.ts';

// trust is given by the environment a process starts with, so the sender is in a process of its own

const folder = mkdtempSync(join(tmpdir(), 'express-a2a-ca-'));
const authority = join(folder, 'ca.pem');
beforeAll(() => {
  writeFileSync(authority, CA);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server) await once(server, 'close');
});

/** What a receiver saw of a request: the name that TLS asked for, and that of HTTP. */
interface Seen {
  readonly sni: unknown;
  readonly host: string | undefined;
}

/** A receiver with this certificate. */
async function receiver(cert: string): Promise<{ port: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  server = createServer({ key: KEY, cert }, (req, res) => {
    seen.push({ sni: Reflect.get(req.socket, 'servername'), host: req.headers.host });
    req.resume().on('end', () => res.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: String((server.address() as AddressInfo).port), seen }; // it listens on a port
}

/** Posts from another process, which trusts the authority or not. */
async function post(urls: readonly string[], ca?: string): Promise<PushOutcome[]> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['__tests__/push/https-child.cjs', ...urls],
    {
      env: { ...env, ...(ca !== undefined && { NODE_EXTRA_CA_CERTS: ca }) },
      timeout: 60_000,
    },
  );
  return JSON.parse(stdout) as PushOutcome[]; // what the child prints
}

function refusal(reason: string): PushOutcome {
  return { ok: false, retry: true, reason };
}

const OTHER_NAME = refusal(
  'the certificate of the receiver is for another name (ERR_TLS_CERT_ALTNAME_INVALID)',
);

describe('a webhook over HTTPS (NEEDS 21)', () => {
  it('is posted to under its name, though its address was looked up before', async () => {
    const { port, seen } = await receiver(SIGNED);
    const url = `https://hooks.example:${port}/hook`;
    expect(await post([url, url], authority)).toEqual([
      { ok: true, status: 204 },
      { ok: true, status: 204 },
    ]);
    const one = { sni: 'hooks.example', host: `hooks.example:${port}` };
    expect(seen).toEqual([one, one]);
  }, 60_000);

  it('is refused under another name, also at an address that is connected already', async () => {
    const { port, seen } = await receiver(SIGNED);
    const names = ['hooks.example', 'other.example', '127.0.0.1', 'hooks.example.'];
    const outcomes = await post(
      names.map((name) => `https://${name}:${port}/`),
      authority,
    );
    const good = { ok: true, status: 204 };
    expect(outcomes).toEqual([good, OTHER_NAME, OTHER_NAME, good]);
    expect(seen.map(({ sni }) => sni)).toEqual(['hooks.example', 'hooks.example']);
  }, 60_000);

  it.each<readonly [string, string, string]>([
    [
      'by its own key',
      SELF_SIGNED,
      'the certificate of the receiver is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    ['that has expired', EXPIRED, 'the certificate of the receiver has expired (CERT_HAS_EXPIRED)'],
  ])(
    'is refused with a certificate %s',
    async (_how, cert, reason) => {
      const { port, seen } = await receiver(cert);
      expect(await post([`https://hooks.example:${port}/`], authority)).toEqual([refusal(reason)]);
      expect(seen).toEqual([]);
    },
    60_000,
  );

  it('is refused where nobody trusts its authority', async () => {
    const { port, seen } = await receiver(SIGNED);
    expect(await post([`https://hooks.example:${port}/`])).toEqual([
      refusal('the certificate of the receiver is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'),
    ]);
    expect(seen).toEqual([]);
  }, 60_000);
});
