import { ConfigError } from './config-error.ts';

/** How runs are held in this process. */
export interface WorkerSettings {
  /** Runs at the same time. @defaultValue 16 */
  concurrency?: number;
  /** How long a lost worker goes unnoticed, in ms; at least 1000. @defaultValue 30000 */
  leaseMs?: number;
  /** How often a run is tried whose worker was lost. @defaultValue 1 */
  maxAttempts?: number;
  /** How long one run may take, in ms, waits for the client not counted; `Infinity` for no limit. @defaultValue 3600000 */
  runTimeoutMs?: number;
  /** How long a run may say nothing, in ms, waits for the client not counted; `Infinity` for no limit. @defaultValue Infinity */
  idleTimeoutMs?: number;
  /** How long a task waits for its client, in ms; `Infinity` for no limit. @defaultValue 86400000 */
  inputTimeoutMs?: number;
}

/** What holds where nothing was said. */
export const WORKER_DEFAULTS: Readonly<Required<WorkerSettings>> = {
  concurrency: 16,
  leaseMs: 30_000,
  maxAttempts: 1,
  runTimeoutMs: 3_600_000,
  idleTimeoutMs: Infinity,
  inputTimeoutMs: 86_400_000,
};

/** How long an agent may take to stop, in ms, where nothing was said. */
export const CANCEL_GRACE_MS = 5000;

/** The settings with their defaults. Throws a ConfigError for a wrong one; `prefix` says where they stand among the options. */
export function readWorkerSettings(given: WorkerSettings, prefix = ''): Required<WorkerSettings> {
  const settings = { ...WORKER_DEFAULTS };
  for (const name of WORKER_SETTINGS) {
    const value = given[name];
    if (value === undefined) continue;
    checkSetting(name, value, prefix);
    settings[name] = value;
  }
  return settings;
}

/** What there is to set. */
export const WORKER_SETTINGS = [
  'concurrency',
  'leaseMs',
  'maxAttempts',
  'runTimeoutMs',
  'idleTimeoutMs',
  'inputTimeoutMs',
] as const;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function checkSetting(name: keyof WorkerSettings, value: number, prefix: string): void {
  const least = name === 'leaseMs' ? 1000 : 1;
  const mayBeEndless = name.endsWith('TimeoutMs');
  if (mayBeEndless && value === Infinity) return;
  if (Number.isInteger(value) && value >= least && value <= LONGEST_TIMER_MS) return;
  const unit = name.endsWith('Ms') ? ', in ms' : '';
  const or = mayBeEndless ? ', or Infinity' : '';
  throw new ConfigError(
    'ERR_A2A_OPTIONS',
    `Option \`${prefix}${name}\` must be a whole number from ${least} to ${LONGEST_TIMER_MS}${unit}${or}`,
  );
}
