/** Counts what a copy would take as JSON, roughly: strings by their length, the rest by a few bytes each. */
export interface ByteCount {
  bytes: number;
}

/**
 * A deep copy in frozen objects, equal to what JSON would make of the value: later changes by the caller do not reach
 * it, and nobody can change it. One walk copies, freezes and counts. Throws a TypeError for what JSON can not hold.
 */
export function frozenCopy<T>(value: T, count: ByteCount): T {
  // a JSON value copied as JSON has its own type again
  return copy(value, count) as T;
}

function copy(value: unknown, count: ByteCount): unknown {
  switch (typeof value) {
    case 'string':
      count.bytes += value.length + 2;
      return value;
    case 'number':
      count.bytes += 8;
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      count.bytes += 5;
      return value;
    case 'bigint':
      throw new TypeError('A BigInt can not be stored as JSON');
    case 'object':
      if (value !== null) return copyObject(value, count);
      count.bytes += 4;
      return null;
    default:
      return undefined;
  }
}

function copyObject(value: object, count: ByteCount): unknown {
  if ('toJSON' in value && typeof value.toJSON === 'function') return copyByJson(value, count);
  count.bytes += 2;
  if (Array.isArray(value)) return copyList(value, count);
  const target: Record<string, unknown> = {};
  // without a list of the keys: most objects are small, and there are many
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const copied = copy(value[key as keyof typeof value], count);
    if (copied === undefined) continue;
    count.bytes += key.length + 4;
    // plain assignment would take a key named __proto__ for the prototype
    if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true });
    else target[key] = copied;
  }
  return Object.freeze(target);
}

function copyList(list: readonly unknown[], count: ByteCount): readonly unknown[] {
  const target = new Array<unknown>(list.length);
  for (let index = 0; index < list.length; index += 1) target[index] = copy(list[index], count) ?? null;
  return Object.freeze(target);
}

/** For values that say themselves what they are as JSON, such as dates. */
function copyByJson(value: object, count: ByteCount): unknown {
  // undefined for a toJSON that gives undefined, which the declared type leaves out
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : copy(JSON.parse(text), count);
}
