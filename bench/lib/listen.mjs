// What every server under test does at its end: listens where the harness expects it, and says so.
import { createServer } from 'node:http';

/** @param {import('node:http').RequestListener} app */
export function listen(app) {
  createServer(app).listen(Number(process.env['PORT']), '127.0.0.1', () => process.stdout.write('READY\n'));
}
