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
});
for (const { path, contents } of result.outputFiles) {
  const { byteLength: size } = gzipSync(contents);
  const isMain = path.endsWith('/index.js');
  console.log(
    `${path.split('/').pop()}: ${size} bytes gzipped${isMain ? ` of ${LIMIT}` : ', when it is needed'}`,
  );
  if (isMain && size >= LIMIT) process.exitCode = 1;
}
if (!result.outputFiles.some(({ path }) => path.endsWith('/index.js'))) process.exitCode = 1;
