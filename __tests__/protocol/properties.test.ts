import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { a2aV1Methods } from '../../lib/protocol/v1.schema.ts';
import { checkDefinition, checkV1, readDefinition } from '../../lib/protocol/validate.ts';
import { canonicalValue, definitionNames, respell } from './arbitrary.ts';

const methods = Object.keys(a2aV1Methods) as (keyof typeof a2aV1Methods)[];

describe.each(definitionNames)('%s', (name) => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(canonicalValue(name), (value) => {
        expect(readDefinition(name, value)).toStrictEqual({ value });
        expect(checkDefinition(name, value)).toStrictEqual({ value });
      }),
      { numRuns: 30 },
    );
  });

  it('is read the same from whatever spelling a ProtoJSON writer chose', () => {
    fc.assert(
      fc.property(canonicalValue(name), fc.integer(), (value, seed) => {
        expect(readDefinition(name, respell(name, value, seed))).toStrictEqual({ value });
      }),
      { numRuns: 60 },
    );
  });

  it('is refused under paths whose parents exist', () => {
    fc.assert(
      fc.property(canonicalValue(name), fc.nat(), junk(), (value, where, wrong) => {
        const broken = structuredClone({ root: value });
        spoil(broken, where, wrong);
        const checked = readDefinition(name, broken.root);
        if ('value' in checked) return;
        expect(checked.violations.length).toBeGreaterThan(0);
        expect(checked.violations.length).toBeLessThanOrEqual(20);
        for (const { field } of checked.violations) {
          if (field !== name) expect(parentOf(broken.root, field)).toEqual(expect.any(Object));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(methods)('parameters of %s', (method) => {
  it('are given or refused, whatever JSON came, and read twice as read once', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), canonicalValue(a2aV1Methods[method].params)), (given) => {
        const before = JSON.stringify(given);
        const checked = checkV1(method, given);
        expect(JSON.stringify(given)).toBe(before);
        if ('params' in checked) expect(checkV1(method, checked.params)).toStrictEqual(checked);
        else expect(checked.violations.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});

function junk(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(null, 1.5, '', true, [], {}, [null], undefined),
    fc.jsonValue({ maxDepth: 2 }),
  );
}

/** Puts the wrong value in the place of one of the values inside. */
function spoil(holder: object, where: number, wrong: unknown): void {
  const places: [object, string][] = [];
  const walk = (at: object): void => {
    for (const [key, child] of Object.entries(at) as [string, unknown][]) {
      places.push([at, key]);
      if (typeof child === 'object' && child !== null) walk(child);
    }
  };
  walk(holder);
  const [at, key] = places[where % places.length] ?? [holder, 'root'];
  Object.defineProperty(at, key, { value: wrong, enumerable: true, writable: true, configurable: true });
}

function parentOf(root: unknown, field: string): unknown {
  const steps = [...field.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\.?([\w$-]+)/g)];
  expect(steps.map(([text]) => text).join('')).toBe(field);
  const keys = steps.map(([, index, quoted, plain]) => {
    return index ?? (quoted === undefined ? plain : (JSON.parse(quoted) as string)) ?? '';
  });
  return keys.slice(0, -1).reduce<unknown>((at, key) => {
    return typeof at === 'object' && at !== null ? at[key as keyof typeof at] : undefined;
  }, root);
}
