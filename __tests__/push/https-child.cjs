// Posts to each URL of the command line, one after the other, at this machine whatever its name is. Prints what became of each.
require('../helpers/typescript.cjs');
const { createAddressPolicy } = require('../../lib/push/address-policy.ts');
const { createPost } = require('../../lib/push/post.ts');

/** @type {import('../../lib/push/address-policy.ts').Lookup} */
const lookup = (_host, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};
const post = createPost(createAddressPolicy({ allowPrivate: true, allowHttp: false, lookup }));

async function main() {
  const { signal } = new AbortController();
  const outcomes = [];
  for (const url of process.argv.slice(2)) {
    outcomes.push(await post({ url, headers: {}, body: '{}', timeoutMs: 20_000, signal }));
  }
  post.close();
  console.log(JSON.stringify(outcomes));
}

void main();
