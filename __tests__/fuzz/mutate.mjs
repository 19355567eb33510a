import { json } from './values.mjs';

/** @import { Random } from './random.mjs' */

/**
 * Changes a value in one place, in a way that a careless or hostile client might.
 *
 * @param {Random} random
 * @param {unknown} root
 * @returns {unknown}
 */
export function mutate(random, root) {
  const places = placesOf(root);
  if (places.length === 0) return json(random);
  const { holder, key } = random.pick(places);
  if (Array.isArray(holder)) holder[Number(key)] = replacement(random, holder[Number(key)]);
  else mutateField(random, holder, key);
  return root;
}

/**
 * @param {Random} random
 * @param {Record<string, unknown>} holder
 * @param {string} key
 */
function mutateField(random, holder, key) {
  const value = holder[key];
  const rename = random.below(8);
  if (rename > 2) {
    holder[key] = replacement(random, value);
    return;
  }
  delete holder[key];
  if (rename === 1) holder[key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value;
  if (rename === 2) {
    const name = random.pick([
      '__proto__',
      'constructor',
      'toString',
      'kind',
      'blocking',
      'content',
      `${key}s`,
    ]);
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

/**
 * @param {Random} random
 * @param {unknown} value
 * @returns {unknown}
 */
function replacement(random, value) {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return [value];
    case 2:
      return { value };
    case 3:
      return 'x'.repeat(random.pick([257, 257, 5000, 20_000]));
    case 4:
      return nested(random.pick([5, 99, 101, 3000]));
    case 5:
      return random.pick([-1, 0, 2 ** 31, 2 ** 53, 1.5, 1e300, Number.MIN_SAFE_INTEGER]);
    case 6:
      // of large values only a few, since what is made is sent
      return Array.from({ length: random.pick([0, typeof value === 'object' ? 2 : 200]) }, () => value);
    case 7:
      return typeof value === 'string' ? value.slice(1) : (JSON.stringify(value) ?? '');
    default:
      return json(random);
  }
}

/** @param {number} levels */
function nested(levels) {
  /** @type {unknown} */
  let value = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

/**
 * @param {unknown} root
 * @returns {{ holder: Record<string, unknown>, key: string }[]}
 */
function placesOf(root) {
  /** @type {{ holder: Record<string, unknown>, key: string }[]} */
  const places = [];
  const waiting = [root];
  while (waiting.length > 0 && places.length < 500) {
    const holder = waiting.pop();
    if (typeof holder !== 'object' || holder === null) continue;
    const fields = /** @type {Record<string, unknown>} */ (holder);
    for (const key of Object.keys(fields).slice(0, 50)) {
      places.push({ holder: fields, key });
      waiting.push(fields[key]);
    }
  }
  return places;
}

/**
 * Changes the bytes of a body.
 *
 * @param {Random} random
 * @param {Buffer} bytes
 */
export function mutateBytes({ below, pick }, bytes) {
  const at = below(bytes.length + 1);
  const extra = pick([[0], [0xff], [0xef, 0xbb, 0xbf], [0x22], [0x7b], [0xc3], [0x2c], [0x5d], [0x0a, 0x0d]]);
  switch (below(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(extra), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes, bytes]);
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(extra), bytes.subarray(at + 1)]);
  }
}

/**
 * No call at all.
 *
 * @param {Random} chance
 */
export function garbage(chance) {
  if (chance.chance(0.3)) return Buffer.from(JSON.stringify(json(chance)) ?? '');
  if (chance.chance(0.5)) {
    const tokens = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"jsonrpc"',
      '"2.0"',
      '"id"',
      '1',
      'null',
      '"method"',
      '"GetTask"',
      '"params"',
      '\\u0000',
      '"',
    ];
    return Buffer.from(Array.from({ length: chance.below(40) }, () => chance.pick(tokens)).join(''));
  }
  if (chance.chance(0.01)) return Buffer.from(`"${'x'.repeat(1_000_000)}"`);
  return Buffer.from(Array.from({ length: chance.below(300) }, () => chance.below(256)));
}
