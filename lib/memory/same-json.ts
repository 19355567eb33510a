/** Whether two JSON values are equal; the order of keys does not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = definedKeys(a);
  // both are objects: checked above
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return (
    keys.length === definedKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameJson(left[key], right[key]))
  );
}

/** JSON has no members that are undefined. */
function definedKeys(value: object): string[] {
  return Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [key]));
}
