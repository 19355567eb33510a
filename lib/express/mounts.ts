/** A step of an Express router, as far as it is looked at; all of it may be missing. */
interface Layer {
  readonly handle?: { readonly stack?: unknown };
  /** Gives the part of the path that the mount takes as `path`; older routers say true and set it here. */
  readonly match?: (path: string) => unknown;
  readonly path?: unknown;
}

/**
 * The paths below `handler` to which an Express app, or a router in it, takes a request for this path: one for each
 * place where it is mounted on the way. Routers are looked into; apps in apps can not be.
 */
export function pathsBelow(app: object, handler: unknown, path: string): string[] {
  // Express 4, which throws at `router`, and Express 5
  const router: unknown = Reflect.get(app, '_router') ?? Reflect.get(app, 'router');
  return stackOf(router).flatMap((layer) => pathsIn(layer, handler, path));
}

function pathsIn(layer: Layer, handler: unknown, path: string): string[] {
  const isHandler = layer.handle === handler;
  if (!isHandler && layer.handle?.stack === undefined) return [];
  const rest = restOf(layer, path);
  if (rest === undefined) return [];
  return isHandler ? [rest] : stackOf(layer.handle).flatMap((inner) => pathsIn(inner, handler, rest));
}

/** What is left of a path below a mount; undefined where it is not below. */
function restOf(layer: Layer, path: string): string | undefined {
  const taken = takenBy(layer, path);
  if (taken === undefined) return undefined;
  const rest = path.slice(taken.length);
  if (rest === '' || rest.startsWith('/')) return rest === '' ? '/' : rest;
  return taken.endsWith('/') ? `/${rest}` : undefined;
}

function takenBy(layer: Layer, path: string): string | undefined {
  try {
    const match = layer.match?.(path);
    const found = match === true ? layer : match;
    const taken: unknown =
      typeof found === 'object' && found !== null ? Reflect.get(found, 'path') : undefined;
    return typeof taken === 'string' ? taken : undefined;
  } catch {
    // a path that can not be decoded
    return undefined;
  }
}

function stackOf(router: unknown): readonly Layer[] {
  const isRouter = typeof router === 'function' || (typeof router === 'object' && router !== null);
  const stack: unknown = isRouter ? Reflect.get(router, 'stack') : undefined;
  return Array.isArray(stack) ? (stack as Layer[]) : []; // of whatever: every field of a layer is checked
}
