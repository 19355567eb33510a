// The lock file names no host (whoever installs decides where packages come from) and has every optional package of
// other platforms. npm leaves out those that its registry does not serve, and `npm ci` then refuses the file;
// `node .ci/check-lockfile.mjs --fix` puts them back.
import { readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ version?: string, dev?: boolean, optionalDependencies?: Record<string, string> }} Locked */

const FILE = 'package-lock.json';
const PLATFORM = /-(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(gnu|musl))?/;

const text = readFileSync(FILE, 'utf8');
/** @type {{ packages: Record<string, Locked> }} */
const lock = JSON.parse(text);
const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isLocked(path, name))
    .map(([name, version]) => ({ name, version, dev })),
);
const hosts = text.split('\n').filter((line) => line.includes('"resolved"'));

if (process.argv.includes('--fix')) {
  for (const { name, version, dev } of missing)
    lock.packages[`node_modules/${name}`] = foreign(name, version, dev);
  // npm's own order, so that it does not shuffle the file
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(FILE, JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2) + '\n');
} else {
  for (const { name, version } of missing) console.error(`not locked: ${name}@${version}`);
  for (const line of hosts) console.error(`names a host: ${line.trim()}`);
  if (missing.length + hosts.length > 0) process.exit(1);
}

/**
 * Whether a package at this path finds `name`, in its own folder or one above.
 *
 * @param {string} path
 * @param {string} name
 */
function isLocked(path, name) {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at}/node_modules/${name}` in lock.packages) return true;
  }
  return `node_modules/${name}` in lock.packages;
}

/**
 * @param {string} name
 * @param {string} version
 * @param {boolean | undefined} dev
 */
function foreign(name, version, dev) {
  const [, os, cpu, libc] = PLATFORM.exec(name) ?? [];
  if (os === undefined || cpu === undefined || !/^\d[\w.-]*$/.test(version)) {
    throw new Error(`cannot tell the platform or version of ${name}@${version}`);
  }
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}
