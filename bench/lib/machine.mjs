// What a result was measured on.
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Date, machine, load and versions, of this package and of others that are installed.
 *
 * @param {Date} startedAt
 * @param {readonly string[]} others
 */
export function machine(startedAt, others) {
  const installed = others.map((name) => `${name} ${versionIn(join(ROOT, 'node_modules', name))}`);
  const cores = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}`;
  const load = `load average ${loadavg()
    .map((it) => it.toFixed(1))
    .join(' ')} at the end`;
  const versions = [`node ${process.versions.node}`, `express-a2a ${versionIn(ROOT)}`, ...installed];
  return `${startedAt.toISOString().slice(0, 16)}Z; ${cores}, ${load}; ${versions.join(', ')}`;
}

/** @param {string} folder */
function versionIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}
