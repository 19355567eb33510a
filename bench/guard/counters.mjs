// Counts what happens in this process, server and client together; the client makes no promises and no JSON of its own.
import { createHook } from 'node:async_hooks';
import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** @typedef {{ promises: number, timers: number, json: number, writes: number, socketWrites: number, storage: number }} Tally */

/** @type {Tally} */
const tally = { promises: 0, timers: 0, json: 0, writes: 0, socketWrites: 0, storage: 0 };

/** Of servers only: set for a socket that was accepted. */
const SERVED = Symbol('served');

const hook = createHook({
  init(_id, type) {
    if (type === 'PROMISE') tally.promises += 1;
    else if (type === 'Timeout') tally.timers += 1;
  },
});

const { stringify } = JSON;
JSON.stringify = (/** @type {[any, any?, any?]} */ ...args) => {
  tally.json += 1;
  return stringify(...args);
};

count(ServerResponse.prototype, 'write', 'writes', () => true);
count(Socket.prototype, '_writeGeneric', 'socketWrites', isServed);

/** @param {object} socket */
function isServed(socket) {
  return SERVED in socket;
}

/**
 * @param {any} prototype
 * @param {string} name
 * @param {keyof Tally} what
 * @param {(it: object) => boolean} isCounted
 */
function count(prototype, name, what, isCounted) {
  const original = prototype[name];
  prototype[name] = function (/** @type {unknown[]} */ ...args) {
    if (isCounted(this)) tally[what] += 1;
    return original.apply(this, args);
  };
}

/** @param {import('node:http').Server} server */
export function watchSockets(server) {
  server.on('connection', (socket) => Object.assign(socket, { [SERVED]: true }));
}

/**
 * A storage whose calls are counted.
 *
 * @param {import('express-a2a').Storage} storage
 * @returns {import('express-a2a').Storage}
 */
export function countCalls(storage) {
  return new Proxy(storage, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (/** @type {unknown[]} */ ...args) => {
        tally.storage += 1;
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/**
 * What `work` counts up.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Tally>}
 */
export async function counted(work) {
  const before = { ...tally };
  // only while it counts, since it takes memory of its own
  hook.enable();
  await work();
  hook.disable();
  const names = /** @type {(keyof Tally)[]} */ (Object.keys(tally));
  return /** @type {Tally} */ (Object.fromEntries(names.map((name) => [name, tally[name] - before[name]])));
}
