#!/usr/bin/env node
import { main } from './main.ts';

const control = new AbortController();
process.once('SIGINT', () => {
  control.abort(new Error('interrupted'));
});
// whoever reads this may have seen enough
process.stdout.on('error', () => {
  process.exit(0);
});
void main(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  isTerminal: process.stdout.isTTY,
  signal: control.signal,
}).then((code) => {
  process.exitCode = code;
});
