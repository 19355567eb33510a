import type { IncomingMessage, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type express from 'express';
import { shareClasses } from '../../lib/express/shared-class.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { serve, type Served } from '../helpers/serve.ts';

// On Node 20 and 22 each request that Express hands on has a hidden class of its own (docs/decisions/0024).

setFlagsFromString('--allow-natives-syntax');
const haveSameClass = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

type Pair = [IncomingMessage, ServerResponse];

const router = a2aRouter({ card: { name: 'T', description: 'D', version: '1' }, agent: () => 'hello' });
let served: Served | undefined;

afterEach(() => served?.close());
afterAll(() => router.close());

/** What comes behind these steps of an app: two requests, held at the same time. */
async function heldBehind(...steps: express.RequestHandler[]): Promise<[Pair, Pair]> {
  const held: Pair[] = [];
  const app = await serve((it) =>
    it.use('/a2a', ...steps, (req, res) => {
      held.push([req, res]);
      if (held.length === 2) for (const [, response] of held) response.end('done');
    }),
  );
  served = app;
  const answers = await Promise.all(['/one', '/two'].map((path) => fetch(`${app.origin}/a2a${path}`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const [first, second] = held;
  if (first === undefined || second === undefined) throw new Error('Two requests were wanted');
  return [first, second];
}

describe('the classes of requests and responses', () => {
  it('are shared behind the router', async () => {
    const [first, second] = await heldBehind(router);
    expect(haveSameClass(first[0], second[0])).toBe(true);
    expect(haveSameClass(first[1], second[1])).toBe(true);
  });

  it('are shared without a change that anybody could see', async () => {
    const seen: [object, object][] = [];
    await heldBehind((req, res, next) => {
      const properties = () => [req, res].map((it) => Object.getOwnPropertyDescriptors(it));
      const before = properties();
      shareClasses(req, res);
      before.forEach((them, i) => seen.push([them, properties()[i] ?? {}]));
      next();
    });
    expect(seen).toHaveLength(4);
    for (const [before, after] of seen) {
      const names = Reflect.ownKeys(before);
      expect(new Set(Reflect.ownKeys(after))).toEqual(new Set(names));
      for (const name of names) {
        const [was, is] = [before, after].map((it) => Reflect.get(it, name) as PropertyDescriptor);
        expect(is?.value).toBe(was?.value);
        expect({ ...is, value: 0 }).toEqual({ ...was, value: 0 });
      }
    }
    const all = seen.flatMap(([before]) => Object.keys(before));
    expect(all).toEqual(expect.arrayContaining(['next', 'locals']));
  });

  const inherited = Object.create({ next: 1, locals: 2 }) as object;
  const unseen = Object.defineProperties(
    {},
    {
      next: { value: 1, configurable: true },
      locals: { get: () => 2, configurable: true },
    },
  );
  const objects: [string, object][] = [
    ['frozen', Object.freeze({ next: 1, locals: 2 })],
    ['sealed', Object.seal({ next: 1, locals: 2 })],
    ['not extensible', Object.preventExtensions({ next: 1, locals: 2 })],
    ['without them', {}],
    ['that inherit them', inherited],
    ['that show, write or compute them otherwise', unseen],
    [
      'that throw',
      {
        get next() {
          throw new Error('not to be read');
        },
        locals: undefined,
      },
    ],
  ];
  it.each(objects)('leave objects as they were: %s', (_, object) => {
    const before = Object.getOwnPropertyDescriptors(object);
    shareClasses(object, object);
    expect(Object.getOwnPropertyDescriptors(object)).toEqual(before);
  });
});
