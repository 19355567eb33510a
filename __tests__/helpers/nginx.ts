import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An nginx with one server block. */
export interface Nginx {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

// where Debian has it, which is not on everybody's path
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

/** Whether there is an nginx on this machine. */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v'], { env: { ...process.env, PATH } }).status === 0;
}

/** Runs the server block `file` on a free port, in front of `upstream`. */
export async function startNginx(file: string, upstream: number): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  const port = await freePort();
  const block = readFileSync(file, 'utf8')
    .replace('127.0.0.1:3000', `127.0.0.1:${String(upstream)}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${String(port)}`);
  writeFileSync(join(directory, 'block.conf'), block);
  writeFileSync(join(directory, 'nginx.conf'), mainConf(directory));
  const args = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'];
  const server = spawn('nginx', args, { env: { ...process.env, PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  const ended = once(server, 'exit');
  await listening(server, port, () => said);
  return {
    port,
    async stop() {
      server.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

/** As distributions have it around a server block; it compresses all it can, which is the hard case for streams. */
function mainConf(directory: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const places = kinds.map((kind) => `${kind}_temp_path ${join(directory, kind)};`).join('\n');
  // the worker of a root's nginx is somebody else, who can not read the directory
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${join(directory, 'pid')};
events {}
http {
access_log off;
gzip on;
gzip_proxied any;
gzip_min_length 0;
gzip_types *;
${places}
include ${join(directory, 'block.conf')};
}
`;
}

async function listening(server: ChildProcess, port: number, said: () => string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`nginx did not start: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise(setImmediate);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  server.close();
  await once(server, 'close');
  return port;
}
