// A server under test: a process of its own, held to one core where the machine has `taskset`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..');
const READY_MS = 30_000;
const HAS_TASKSET = spawnSync('taskset', ['--version']).status === 0;

/** Holds the load generator, which is this process, to the core that the servers do not use. */
export function pinGenerator() {
  if (HAS_TASKSET) spawnSync('taskset', ['-a', '-cp', '1', String(process.pid)]);
}

/**
 * A command, held to cores where the machine can.
 *
 * @param {string} cores
 * @param {string[]} command
 */
export function onCores(cores, command) {
  return HAS_TASKSET ? ['taskset', '-c', cores, ...command] : command;
}

export async function freePort() {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  holder.close();
  await once(holder, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

export class ServerProcess {
  alive = true;
  /** @type {Promise<unknown>} */
  #exited;

  /**
   * @param {string} name
   * @param {number} port
   * @param {import('node:child_process').ChildProcess} child
   */
  constructor(name, port, child) {
    this.name = name;
    this.port = port;
    this.child = child;
    this.#exited = once(child, 'exit');
    child.on('exit', () => (this.alive = false));
  }

  /**
   * Starts one of the files in servers/, and waits until it listens.
   *
   * @param {string} name
   * @param {{ nodeFlags?: string[], env?: Record<string, string>, cores?: string }} [options] `cores` as `taskset -c` takes it
   */
  static async start(name, { nodeFlags = [], env = {}, cores = '0' } = {}) {
    const port = await freePort();
    const probe = ['--expose-gc', ...nodeFlags, '--import', join(FOLDER, 'lib/probe.mjs')];
    const node = [process.execPath, ...probe, join(FOLDER, `servers/${name}.mjs`)];
    const [command = '', ...args] = onCores(cores, node);
    const child = spawn(command, args, {
      env: { ...process.env, PORT: String(port), NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const server = new ServerProcess(name, port, child);
    await server.#ready();
    return server;
  }

  /** @returns {Promise<void>} */
  #ready() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
        reject(new Error(`${this.name} does not listen after ${READY_MS} ms`));
      }, READY_MS);
      this.child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`${this.name} ended with ${code}`));
      });
      this.child.stdout?.on('data', (data) => {
        if (!String(data).includes('READY')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** CPU seconds of all threads so far, in nanoseconds' resolution: what the scheduler counted. */
  cpuSeconds() {
    let nanoseconds = 0;
    const folder = `/proc/${this.child.pid}/task`;
    for (const thread of readdirSync(folder)) {
      nanoseconds += Number(readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds / 1e9;
  }

  /** @param {'VmRSS' | 'VmHWM'} field */
  #statusMb(field) {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  }

  rssMb() {
    return this.#statusMb('VmRSS');
  }

  peakRssMb() {
    return this.#statusMb('VmHWM');
  }

  resetPeakRss() {
    writeFileSync(`/proc/${this.child.pid}/clear_refs`, '5');
  }

  /**
   * A full collection in the server, then its memory figures.
   *
   * @returns {Promise<NodeJS.MemoryUsage>}
   */
  async collectGarbage() {
    const answer = once(this.child, 'message');
    this.child.send('gc');
    const [{ memory }] = await answer;
    return memory;
  }

  /** Lets the server end by itself, so that it writes its CPU profile. */
  async leave() {
    this.child.disconnect();
    await this.#exited;
  }

  kill() {
    this.child.kill('SIGKILL');
  }

  async stop() {
    if (this.alive) this.kill();
    await this.#exited;
  }
}
