/**
 * What is measured, per sample. `absolute`: no ratio is taken of it.
 *
 * @typedef {{ key: string, label: string, better: 'lower' | 'higher', absolute?: boolean }} Metric
 */

/**
 * How much of everything one run does.
 *
 * @typedef {object} Sizes
 * @property {number} rounds
 * @property {number} warmUpRequests of each kind, before the first sample; events for what streams
 * @property {number} unarySeconds per sample
 * @property {number} streamSeconds at least, per sample
 * @property {number} fanOutChunks
 * @property {number[]} growthChunks
 * @property {number} growthCpuSeconds a server that needs more for one task does not get larger ones
 * @property {number} idleStreams
 * @property {number} slowReaderMb emitted past a reader that does not read
 * @property {number} slowReaderBytes of a chunk
 */

/**
 * One sample: numbers by the keys of the metrics, and what is to be said beside the table.
 *
 * @typedef {Record<string, unknown> & { note?: string, serverBusy?: number, clientBusy?: number }} Sample
 */

/**
 * A workload. With `prepare` one server process is warmed up and kept over all rounds, else each sample has its own.
 * `isShort`: cheap enough to be measured on every server. `rounds`: at most so many, where one takes long and hardly varies.
 * `servers`: the ones that can do it, where not all can. `env`: what the process of a sample is started with.
 *
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} title
 * @property {readonly Metric[]} metrics
 * @property {boolean} [isShort]
 * @property {number} [rounds]
 * @property {readonly string[]} [servers]
 * @property {Record<string, string>} [env]
 * @property {(server: import('./server-process.mjs').ServerProcess, sizes: Sizes) => Promise<any>} [prepare]
 * @property {(server: import('./server-process.mjs').ServerProcess, state: any, sizes: Sizes) => Promise<Sample>} [run]
 * @property {(serverName: string, sizes: Sizes) => Promise<Sample>} [runAlone] starts its own processes
 */

/** @type {Sizes} */
export const NORMAL = {
  rounds: 7,
  warmUpRequests: 16_000,
  unarySeconds: 0.35,
  streamSeconds: 0.35,
  fanOutChunks: 250,
  growthChunks: [1000, 16_000],
  growthCpuSeconds: 3,
  idleStreams: 2000,
  slowReaderMb: 100,
  slowReaderBytes: 6_250_000,
};

/** @type {Sizes} */
export const QUICK = {
  ...NORMAL,
  rounds: 1,
  warmUpRequests: 600,
  unarySeconds: 0.15,
  streamSeconds: 0.1,
  fanOutChunks: 100,
  growthCpuSeconds: 0.5,
  idleStreams: 300,
  slowReaderMb: 25,
};
