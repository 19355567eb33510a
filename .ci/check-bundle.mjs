// What a browser loads of the client, minified and gzipped, stays small; raise the limit only in the commit that needs it.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMIT = 15_000;

const result = await build({
  entryPoints: ['lib/client/index.ts'],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // what is imported only when it is needed is a file of its own
  splitting: true,
  outdir: 'bundle',
  write: false,
  metafile: true,
});
const { outputs } = result.metafile;
const sizes = new Map(
  result.outputFiles.map(({ path, contents }) => [
    path.split('/').pop() ?? '',
    gzipSync(contents).byteLength,
  ]),
);

/**
 * The file and what it imports at once.
 *
 * @param {string} name
 * @param {Set<string>} found
 */
function loadedWith(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const { path, kind } of outputs[`bundle/${name}`]?.imports ?? []) {
    if (kind === 'import-statement') loadedWith(path.split('/').pop() ?? '', found);
  }
  return found;
}

const loaded = [...loadedWith('index.js')];
const size = loaded.reduce((sum, name) => sum + (sizes.get(name) ?? Infinity), 0);
const all = [...sizes.values()].reduce((sum, each) => sum + each, 0);
console.log(
  `client in browsers: ${size} of ${LIMIT} bytes gzipped, and ${all - size} of what is loaded when it is needed`,
);
if (!(size < LIMIT)) process.exitCode = 1;
