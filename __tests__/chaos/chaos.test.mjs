// The chaos can fail: it is run against fleets that are broken on purpose.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

/** @param {readonly string[]} args */
async function chaos(args) {
  const script = fileURLToPath(new URL('./chaos.mjs', import.meta.url));
  const size = [
    '--tasks',
    '40',
    '--readers',
    '160',
    '--parallel',
    '20',
    '--front-ends',
    '1',
    '--workers',
    '2',
  ];
  const child = spawn(process.execPath, [script, ...size, '--limit-ms', '10000', '--drops', '0', ...args]);
  let said = '';
  for (const out of [child.stdout, child.stderr]) {
    out.setEncoding('utf8').on('data', (/** @type {string} */ piece) => (said += piece));
  }
  const [code] = await once(child, 'close');
  return { code, said };
}

test('finds events that are lost, repeated and swapped on the way, and sends that are done twice', async () => {
  const { code, said } = await chaos(['--broken', 'hole,repeat,swap,forget', '--faults', '']);
  assert.match(said, /x task-N \(N\): reader N \(wire\): entry N after entry N: N lost/);
  assert.match(said, /x task-N \(N\): reader N \(wire\): entry N again, after entry N/);
  assert.match(said, /x task-N began N tasks/);
  assert.equal(code, 1);
});

test('finds a second end, and words of a run that has lost its lease', async () => {
  const { code, said } = await chaos(['--broken', 'twice,zombie', '--faults', 'stop a worker']);
  assert.match(said, /x task-N \(N\): N ends/);
  assert.match(said, /x task-N \(N\): entry N: zombie-N speaks in the run of/);
  assert.equal(code, 1);
});
