/**
 * Before Node 24, V8 gives an object a hidden class of its own with each property that it gets after its prototype was
 * changed, and Express changes that of every request and response.
 */
const HAS_OWN_CLASSES = Number.parseInt(process.versions.node, 10) < 24;

/**
 * Lets requests share a hidden class again, and responses theirs: as dictionaries, which objects become when a property is
 * taken from their midst, and of which V8 keeps one class for all that have the same prototype. Else each look at a name, in
 * node's code too, goes the slow way once for each request (docs/decisions/0024).
 */
export function shareClasses(req: object, res: object): void {
  if (!HAS_OWN_CLASSES) return;
  // what Express puts on each after it has changed the prototype
  putBack(req, 'next');
  putBack(res, 'locals');
}

/** The property is as it was, but that it is the last one now. */
function putBack(object: object, name: string): void {
  const own = Reflect.getOwnPropertyDescriptor(object, name);
  if (own?.configurable !== true || !Object.isExtensible(object)) return;
  if (Reflect.deleteProperty(object, name)) Reflect.defineProperty(object, name, own);
}
