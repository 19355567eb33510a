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

/** Shows pairs of requests that are held at the same time behind these steps of an app. */
async function holdBehind(
  steps: express.RequestHandler[],
  see: (first: Pair, second: Pair) => void,
  rounds: number,
): Promise<void> {
  let held: Pair | undefined;
  const app = await serve((it) =>
    it.use('/a2a', ...steps, (req, res) => {
      const first = held;
      held = first === undefined ? [req, res] : undefined;
      if (first === undefined) return;
      see(first, [req, res]);
      for (const response of [first[1], res]) response.end('done');
    }),
  );
  served = app;
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(['/one', '/two'].map((path) => fetch(`${app.origin}/a2a${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  }
}

describe('the classes of requests and responses', () => {
  async function shareBehindRouter(): Promise<void> {
    const shared: boolean[][] = [];
    const see = (first: Pair, second: Pair) => {
      shared.push([haveSameClass(first[0], second[0]), haveSameClass(first[1], second[1])]);
    };
    await holdBehind([router], see, 30);
    // V8 makes up its mind about the first few
    expect(shared.slice(-5)).toEqual(Array(5).fill([true, true]));
  }

  function leaveToV8(): void {
    const object = { next: 1, locals: 2, other: 3 };
    shareClasses(object, object);
    expect(Object.keys(object)).toEqual(['next', 'locals', 'other']);
  }

  if (Number.parseInt(process.versions.node, 10) < 24) it('are shared behind the router', shareBehindRouter);
  else it('are left to V8, which shares them', leaveToV8);

  it('are shared without a change that anybody could see', async () => {
    const seen: [object, object][] = [];
    const look: express.RequestHandler = (req, res, next) => {
      const properties = () => [req, res].map((it) => Object.getOwnPropertyDescriptors(it));
      const before = properties();
      shareClasses(req, res);
      before.forEach((them, i) => seen.push([them, properties()[i] ?? {}]));
      next();
    };
    await holdBehind([look], () => undefined, 1);
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
