import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frozenCopy, jsonBytes } from '../../lib/memory/frozen-copy.ts';
import { isSameJson } from '../../lib/memory/same-json.ts';

const copyOf = (value: unknown): unknown => frozenCopy(value);

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}

// NEEDS row 45
const ANYTHING = fc.anything({
  withDate: true,
  withNullPrototype: true,
  withSparseArray: true,
  maxDepth: 4,
});

describe('frozenCopy', () => {
  it('of any JSON is equal to it, frozen, and shares nothing with it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value);
        const copy = copyOf(value);
        expect(JSON.stringify(copy)).toBe(before);
        expect(isDeepFrozen(copy)).toBe(true);
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
      }),
    );
  });

  it('of anything is what JSON makes of it', () => {
    fc.assert(
      fc.property(ANYTHING, (value) => {
        expect(JSON.stringify(copyOf(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each<[string, unknown, string | undefined]>([
    ['undefined members', { a: undefined, b: [undefined] }, '{"b":[null]}'],
    ['functions', { a: () => 1, b: [() => 1] }, '{"b":[null]}'],
    ['numbers that JSON has not', [NaN, Infinity, -Infinity, -0], '[null,null,null,0]'],
    ['dates', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['a toJSON that gives nothing', { a: { toJSON: () => undefined }, b: 1 }, '{"b":1}'],
    ['buffers', Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
    ['maps', new Map([[1, 2]]), '{}'],
    ['a key named __proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  ])('keeps to JSON for %s', (_, value, json) => {
    const copy = copyOf(value);
    expect(JSON.stringify(copy)).toBe(json);
    expect(isDeepFrozen(copy)).toBe(true);
    expect(Object.getPrototypeOf(copy)).toBe(Array.isArray(copy) ? Array.prototype : Object.prototype);
  });

  it('takes each member once, and counts the same for a copy and a copy of it', () => {
    fc.assert(
      fc.property(ANYTHING, (value) => {
        const copied = copyOf({ value });
        expect(jsonBytes(copyOf(copied))).toBe(jsonBytes(copied));
      }),
    );
    let reads = 0;
    expect(
      copyOf({
        get a() {
          reads += 1;
          return { b: reads };
        },
      }),
    ).toEqual({ a: { b: 1 } });
    expect(reads).toBe(1);
  });

  it('refuses what JSON refuses', () => {
    expect(() => copyOf({ a: 1n })).toThrow(TypeError);
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    expect(() => copyOf(loop)).toThrow();
  });

  it('counts about as many bytes as the JSON has', () => {
    const objects = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ minLength: 20, maxLength: 99 }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(fc.array(objects, { minLength: 1 }), (value) => {
        const bytes = jsonBytes(frozenCopy(value));
        const length = JSON.stringify(value).replaceAll(/\\(u....|.)/g, '.').length;
        expect(bytes / length).toBeGreaterThan(0.8);
        expect(bytes / length).toBeLessThan(1.2);
      }),
    );
  });
});

describe('isSameJson', () => {
  it('holds for a copy with its keys in any order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isSameJson(value, turned(value))).toBe(true);
      }),
    );
  });

  it('holds for two values exactly when their JSON is the same, but for the order of keys', () => {
    const small = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(isSameJson(a, b)).toBe(sorted(a) === sorted(b));
      }),
    );
  });

  it.each<[unknown, unknown]>([
    [[], {}],
    [[1], { 0: 1 }],
    [null, {}],
    [{ a: 1 }, { b: 1 }],
    [{}, { toString: undefined, a: 1 }],
    [{ hasOwnProperty: 1 }, { valueOf: 1 }],
    ['1', 1],
  ])('tells %j from %j', (a, b) => {
    expect(isSameJson(a, b)).toBe(false);
    expect(isSameJson(b, a)).toBe(false);
  });

  it('takes a member that is undefined for one that is not there', () => {
    expect(isSameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(isSameJson({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  });
});

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, turned(member)]));
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
