/**
 * A deep copy in frozen objects, equal to what JSON would make of the value: later changes by the caller do not reach
 * it, and nobody can change it. One walk copies and freezes. Throws a TypeError for what JSON can not hold.
 */
export function frozenCopy<T>(value: T): T {
  // a JSON value copied as JSON has its own type again
  return copy(value) as T;
}

/** What a JSON value takes as JSON, roughly: strings by their length, the rest by a few bytes each. */
export function jsonBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
      return 8;
    case 'boolean':
      return 5;
    case 'object':
      return value === null ? 4 : objectBytes(value);
    default:
      return 0;
  }
}

function objectBytes(value: object): number {
  let bytes = 2;
  if (Array.isArray(value)) {
    // by index, as an iterator would give an object for each
    for (let index = 0; index < value.length; index += 1) bytes += jsonBytes(value[index]);
  } else {
    for (const key in value) bytes += key.length + 4 + jsonBytes(value[key as keyof typeof value]);
  }
  return bytes;
}

function copy(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      throw new TypeError('A BigInt can not be stored as JSON');
    case 'object':
      return value === null ? null : copyObject(value);
    default:
      return undefined;
  }
}

/** For all that have no members. */
const EMPTY = Object.freeze({});

function copyObject(value: { readonly toJSON?: unknown }): unknown {
  if (typeof value.toJSON === 'function') return copyByJson(value);
  if (Array.isArray(value)) return copyList(value);
  let target: Record<string, unknown> | undefined;
  // without a list of the keys: most objects are small, and there are many
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const copied = copy(value[key as keyof typeof value]);
    if (copied === undefined) continue;
    target ??= {};
    // plain assignment would take a key named __proto__ for the prototype
    if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true });
    else target[key] = copied;
  }
  return target === undefined ? EMPTY : Object.freeze(target);
}

function copyList(list: readonly unknown[]): readonly unknown[] {
  const target = new Array<unknown>(list.length);
  for (let index = 0; index < list.length; index += 1) target[index] = copy(list[index]) ?? null;
  return Object.freeze(target);
}

/** For values that say themselves what they are as JSON, such as dates. */
function copyByJson(value: object): unknown {
  // undefined for a toJSON that gives undefined, which the declared type leaves out
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : copy(JSON.parse(text));
}
