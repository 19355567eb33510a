// node bench/check.mjs SERVER... : what each server answers to every script, to be looked at before it is measured.
import { HttpConnection } from './lib/http-connection.mjs';
import * as rpc from './lib/rpc.mjs';
import { ServerProcess } from './lib/server-process.mjs';
import { parseSseBody } from './lib/sse-counter.mjs';

/** @param {unknown} value */
const clip = (value) => JSON.stringify(value).slice(0, 420);
/** @param {string} head */
const oneLine = (head) => head.replace(/\r\n/g, ' | ');

for (const name of process.argv.slice(2)) {
  const server = await ServerProcess.start(name);
  const connection = await HttpConnection.open(server.port);
  console.log(`\n== ${name}`);
  const sent = JSON.parse((await connection.request(rpc.sendMessage('echo'))).body);
  console.log('SendMessage ', clip(sent));
  const got = await connection.request(rpc.getTask(sent.result.task.id));
  console.log('GetTask     ', oneLine(got.head), '\n   ', clip(JSON.parse(got.body)));
  const echo = await connection.request(rpc.sendStreamingMessage('echo'));
  console.log('stream echo ', oneLine(echo.head));
  for (const event of parseSseBody(echo.body)) console.log('   ', clip(event));
  const chunks = await connection.request(rpc.sendStreamingMessage('chunks:5:64'));
  const kinds = parseSseBody(chunks.body).map(({ result }) => Object.keys(result)[0]);
  console.log('chunks:5:64 ', kinds.join(' '), `${chunks.body.length} bytes`);
  const refused = await connection.request(rpc.messageWithoutParts());
  console.log('no parts    ', refused.status, clip(JSON.parse(refused.body)));
  connection.close();
  await server.stop();
}
