// Stands for the load balancer: gives requests to the front-ends in turn, and lets streams through as they come.
import { createServer, request } from 'node:http';
import { say, whenToldToEnd } from './process.mjs';

const targets = (process.env['TARGETS'] ?? 'http://127.0.0.1:3001').split(',').map((url) => new URL(url));
const HOP_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];
let turn = 0;

const server = createServer((req, res) => {
  turn = (turn + 1) % targets.length;
  forward(req, res, [...targets.slice(turn), ...targets.slice(0, turn)]);
});

/**
 * Asks the first target, and the next one where nobody listens.
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {(URL | undefined)[]} left
 */
function forward(req, res, [target, ...left]) {
  if (target === undefined) {
    res.writeHead(503, { 'Retry-After': '1' }).end();
    return;
  }
  const { method, url: path } = req;
  const { hostname, port } = target;
  const upstream = request({ hostname, port, method, path, headers: forwarded(req), agent: false });
  let isConnected = false;
  // the body goes to a target that is there, so that it can go to another one where this one is not
  upstream.once('socket', (socket) => {
    socket.once('connect', () => {
      isConnected = true;
      req.pipe(upstream);
    });
  });
  upstream.once('response', (answer) => {
    res.writeHead(answer.statusCode ?? 502, withoutHopHeaders(answer.headers));
    // the head of a stream does not wait for its first event
    res.flushHeaders();
    answer.pipe(res);
    // an answer that breaks is broken for the client too, who then resumes
    answer.once('close', () => answer.complete || res.destroy());
  });
  upstream.on('error', () => {
    if (!isConnected) forward(req, res, left);
    else if (res.headersSent) res.destroy();
    else res.writeHead(502).end();
  });
  // a client that has left is no reader any more
  res.once('close', () => upstream.destroy());
}

/** @param {import('node:http').IncomingMessage} req */
function forwarded(req) {
  const { remoteAddress = '' } = req.socket;
  const before = req.headers['x-forwarded-for'];
  return {
    ...withoutHopHeaders(req.headers),
    'x-forwarded-for': before === undefined ? remoteAddress : `${String(before)}, ${remoteAddress}`,
    'x-forwarded-host': req.headers.host,
    'x-forwarded-proto': 'http',
  };
}

/** Without what is about one connection only. @param {import('node:http').IncomingHttpHeaders} headers */
function withoutHopHeaders(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name)));
}

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  say(`listening at http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
whenToldToEnd(() => server.close());
