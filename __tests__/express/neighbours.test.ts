import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

const LIST = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';
const EMPTY_PAGE = {
  jsonrpc: '2.0',
  id: 1,
  result: { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 },
};

const open: (Served | A2ARouter)[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function agent(name = 'N'): A2ARouter {
  const router = a2aRouter({ card: { name, description: 'D', version: '1' }, agent: () => 'x' });
  open.push(router);
  return router;
}

async function serving(setup: (app: express.Express) => void): Promise<number> {
  const served = await serve(setup);
  open.unshift(served);
  return served.port;
}

async function list(port: number, path: string): Promise<unknown> {
  const { body } = await exchange(port, post(path, LIST), LIST);
  return JSON.parse(body) as unknown;
}

const nested = (router: A2ARouter) => {
  const inner = express.Router();
  inner.use('/inner', router);
  return inner;
};

describe('a mount', () => {
  it.each<[string, (app: express.Express) => void, string]>([
    ['at the origin', (app) => app.use(agent()), '/'],
    ['at the origin, by path', (app) => app.use('/', agent()), '/'],
    ['at a path', (app) => app.use('/a2a', agent()), '/a2a'],
    ['at a path, with a slash', (app) => app.use('/a2a/', agent()), '/a2a/'],
    ['at a deep path', (app) => app.use('/v1/agents/a', agent()), '/v1/agents/a'],
    ['below a parameter', (app) => app.use('/agents/:name', agent()), '/agents/ada'],
    ['in a router', (app) => app.use('/outer', nested(agent())), '/outer/inner'],
    ['in an app in an app', (app) => app.use('/sub', express().use('/a2a', agent())), '/sub/a2a'],
    ['behind express.json', (app) => app.use(express.json()).use('/a2a', agent()), '/a2a'],
    ['behind express.text', (app) => app.use(express.text({ type: '*/*' })).use('/a2a', agent()), '/a2a'],
    ['behind express.raw', (app) => app.use(express.raw({ type: '*/*' })).use('/a2a', agent()), '/a2a'],
    ['before express.json', (app) => app.use('/a2a', agent()).use(express.json()), '/a2a'],
  ])('%s is where calls are answered', async (_, setup, path) => {
    expect(await list(await serving(setup), path)).toEqual(EMPTY_PAGE);
  });

  it('of one agent does not see the tasks of another', async () => {
    const port = await serving((app) => app.use('/a', agent('A')).use('/b', agent('B')));
    const send = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'SendMessage' },
      params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'x' }] } },
    });
    await exchange(port, post('/a', send), send);
    expect(await list(port, '/a')).toMatchObject({ result: { totalSize: 1 } });
    expect(await list(port, '/b')).toEqual(EMPTY_PAGE);
  });
});

describe('the neighbours of an agent at the origin', () => {
  const setup = (app: express.Express) =>
    void app
      .use(agent())
      .get('/page', (_req, res) => {
        res.send('a page');
      })
      .post('/form', express.text({ type: '*/*' }), (req, res) => {
        res.send(`got ${String(req.body)}`);
      })
      .get('/broken', () => {
        throw new Error('theirs');
      })
      .use(((error: Error, _req, res, _next) => {
        res.status(500).send(`handled ${error.message}`);
      }) satisfies express.ErrorRequestHandler);

  it.each([
    ['GET', '/page', '', 200, 'a page'],
    ['POST', '/form', 'a=b', 200, 'got a=b'],
    ['GET', '/broken', '', 500, 'handled theirs'],
  ])('are left alone: %s %s', async (method, path, body, status, text) => {
    const port = await serving(setup);
    const answer = await exchange(port, post(path, body).replace('POST', method), body);
    expect(answer).toMatchObject({ status, body: text });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('a2a') || name === 'vary')).toEqual(
      [],
    );
  });
});
