import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createSecureServer, type Http2SecureServer, type IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { message } from '../helpers/make-app.ts';

// NEEDS row 52: HTTP/2 as browsers and gateways speak it, over TLS, with an Express app behind for HTTP/1.1

/** Made for this test, for localhost: worth nothing elsewhere. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxRgoqCpZOdt/Si82
Lt7mt+dhbzBFGVDHt8C8Fl6HA6ehRANCAAQOWxuFo5YNxp0PhlMmt2pNSfW5TQog
I24QvgUG5FuQ9dNBNZQbai33pORdA0IdUtoOrUo9jQKttGpon6JOtKeV
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUd4gkiWzSq1v0kop3sI+W8cuujrUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzAyMTgzNloYDzIxMjYxMTAz
MDIxODM2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQOWxuFo5YNxp0PhlMmt2pNSfW5TQogI24QvgUG5FuQ9dNBNZQbai33
pORdA0IdUtoOrUo9jQKttGpon6JOtKeVo28wbTAdBgNVHQ4EFgQUhf5xvXpO/doy
fZtGF9IGlW/jjYYwHwYDVR0jBBgwFoAUhf5xvXpO/doyfZtGF9IGlW/jjYYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgNsZE1sIU1Kecbq8pmehoao6lKt/IF+U3sDK8+fBG6ZACIBhR
++OJcHuE4gZ6b/Qgmh4Z5j9f/vVMJuF4pcYWro8H
-----END CERTIFICATE-----`;

let server: Http2SecureServer | undefined;
let a2a: A2ARouter<IncomingMessage> | undefined;

afterEach(async () => {
  await a2a?.close({ drainMs: 0 });
  await new Promise((resolve) => server?.close(resolve));
});

/** As docs/http2.md shows it. */
async function listen(): Promise<number> {
  const router = a2aRouter<IncomingMessage>({
    card: { name: 'Test', description: 'For tests', version: '1.0.0' },
    agent: () => 'hello',
  });
  a2a = router;
  const app = express().get('/theirs', (_req, res) => void res.send('theirs'));
  const handle = router.before((req, res) => {
    if (req.httpVersionMajor === 1) app(req, res);
    else res.writeHead(404).end();
  }, '/a2a');
  // its compatibility API stands for that of HTTP/1
  server = createSecureServer({ key, cert, allowHTTP1: true }, handle as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // it listens on a port
}

async function ask(
  port: number,
  headers: Record<string, string>,
  body = '',
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const session = connect(`https://localhost:${String(port)}`, { ca: cert });
  try {
    const stream = session.request(headers);
    stream.setEncoding('utf8');
    // a GET has ended by itself
    if (body !== '') stream.end(body);
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]; // what the event carries
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return { headers: head, body: text };
  } finally {
    session.close();
  }
}

const FORBIDDEN = ['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade'];

const call = (method: string) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: message('hi') });

describe('HTTP/2 over TLS, by before', () => {
  it('answers card, call and stream below the mount, and leaves the rest to what is behind', async () => {
    const port = await listen();
    const post = {
      ':method': 'POST',
      ':path': '/a2a',
      'content-type': 'application/json',
      'a2a-version': '1.0',
    };
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const card = await ask(port, { ':path': '/a2a/.well-known/agent-card.json', 'a2a-version': '1.0' });
    expect(card.headers[':status']).toBe(200);
    expect(JSON.parse(card.body)).toMatchObject({
      supportedInterfaces: expect.arrayContaining([
        expect.objectContaining({ url: `https://localhost:${String(port)}/a2a` }),
      ]),
    });
    const sent = await ask(port, post, call('SendMessage'));
    expect(sent.headers[':status']).toBe(200);
    expect(JSON.parse(sent.body)).toMatchObject({
      result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } },
    });
    const streamed = await ask(port, post, call('SendStreamingMessage'));
    expect(streamed.headers['content-type']).toBe('text/event-stream');
    expect(streamed.body).toContain('TASK_STATE_COMPLETED');
    const refused = await ask(port, { ...post, 'content-type': 'text/plain' }, '{}');
    expect(refused.headers[':status']).toBe(415);
    expect((await ask(port, { ':path': '/theirs' })).headers[':status']).toBe(404);
    // a header of a connection makes a response of HTTP/2 malformed (RFC 9113 §8.2.2)
    for (const { headers } of [card, sent, streamed, refused])
      expect(Object.keys(headers).filter((name) => FORBIDDEN.includes(name))).toEqual([]);
    // node leaves it out and warns
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('answers clients of HTTP/1.1 on the same port, and hands them to the app', async () => {
    const port = await listen();
    const over1 = async (options: object, body = '') => {
      const sent = request({ host: 'localhost', port, ca: cert, agent: false, ...options }).end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage]; // what the event carries
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return text;
    };
    expect(await over1({ path: '/theirs' })).toBe('theirs');
    const headers = { 'Content-Type': 'application/json', 'A2A-Version': '1.0' };
    const answer = await over1({ path: '/a2a', method: 'POST', headers }, call('SendMessage'));
    expect(JSON.parse(answer)).toMatchObject({
      result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } },
    });
  });
});
