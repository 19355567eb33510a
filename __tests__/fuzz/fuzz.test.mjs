// The fuzz can fail: it is run against a server that is broken on purpose.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

/** @param {string} broken */
async function fuzz(broken) {
  const script = fileURLToPath(new URL('./fuzz.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, '--count', '1000', '--server', './broken-server.mjs'], {
    env: { ...process.env, BROKEN: broken },
  });
  let said = '';
  for (const out of [child.stdout, child.stderr]) {
    out.setEncoding('utf8').on('data', (/** @type {string} */ piece) => (said += piece));
  }
  const [code] = await once(child, 'close');
  return { code, said };
}

/** @type {Record<string, RegExp>} */
const FAULTS = {
  envelope: /case \d+: no JSON-RPC response: data\/jsonrpc must be equal to constant/,
  json: /case \d+: an answer that is no JSON/,
  id: /case \d+: the id 7/,
  code: /case \d+: no JSON-RPC response: data\/error\/code must be equal to one of the allowed values/,
  result: /case \d+: a result that is no \w+ of A2A 1\.0: /,
  field: /case \d+: a result that is no \w+ of A2A 1\.0: .* must NOT have additional properties/,
  frame: /case \d+: a stream with something else than events/,
  rest: /case \d+: a stream that stops before its end/,
  internal: /case \d+: an error with something internal/,
  detail: /case \d+: an error with something internal/,
  behind: /case \d+: \d+ bytes behind this answer or the one before/,
  cut: /case \d+: status 0/,
  http_code: /case \d+: (?:code 499 with status|the error 499 )/,
  http_status: /case \d+: the error 4\d\d INVALID_ARGUMENX/,
  http_detail: /case \d+: no google\.rpc\.Status: data\/error\/details\/0/,
  http_reason: /case \d+: no google\.rpc\.Status: data\/error\/details\/0\/reason/,
  http_result: /case \d+: a result that is no Task of A2A 1\.0: /,
  http_event: /case \d+: a result that is no StreamResponse of A2A 1\.0: /,
  http_list: /case \d+: a result that is no ListTasksResponse of A2A 1\.0: /,
  http_type: /case \d+: content type application\/json/,
  older_result: /case \d+: a result that is no \w+ of A2A 0\.3: /,
  older_kind: /case \d+: a result that is no \w+ of A2A 0\.3: /,
  older_end: /case \d+: a stream that stops before its end/,
  crash: /the server has ended with 3/,
};

for (const [broken, fault] of Object.entries(FAULTS)) {
  test(`the fuzz finds a fault: ${broken}`, async () => {
    const { code, said } = await fuzz(broken);
    assert.match(said, fault);
    assert.equal(code, 1);
  });
}

test('the fuzz passes the same server without a fault', async () => {
  const { code, said } = await fuzz('');
  assert.equal(code, 0, said);
});
