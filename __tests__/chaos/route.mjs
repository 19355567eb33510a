/**
 * The way to the fleet, as a load balancer would be: to any front-end, and rather not to the one `before`.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {import('../fuzz/random.mjs').Random} random
 */
export function createRoute(fleet, random) {
  let before = 0;
  return {
    /** @param {number} [notThis] */
    pick(notThis = before) {
      const ports = fleet.ports();
      const others = ports.filter((port) => port !== notThis);
      before = others.length > 0 ? random.pick(others) : (ports[0] ?? 0);
      return before;
    },
    last: () => before,
  };
}

/**
 * `fetch` by that way.
 *
 * @param {{ pick: () => number }} route
 * @returns {typeof fetch}
 */
export function fetchBy(route) {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    url.port = String(route.pick());
    return fetch(url, init);
  };
}
