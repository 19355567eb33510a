import { describe, expect, it } from '@jest/globals';
import { createAddressPolicy, type Lookup } from '../../lib/push/address-policy.ts';
import { fakeClock } from 'express-a2a/testing';

const PUBLIC = '93.184.215.14';

/** A name server for these names; every other name is at a public address. */
function names(known: Readonly<Record<string, readonly string[]>>): Lookup {
  return (host, _options, callback) => {
    const addresses = known[host] ?? [PUBLIC];
    if (addresses.length === 0) callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
}

const lookup = names({
  'metadata.google.internal': ['169.254.169.254'],
  'private.example': ['10.0.0.1'],
  'mixed.example': [PUBLIC, '127.0.0.1'],
  'mixed6.example': ['2606:2800:21f:cb07::1', '::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'zone.example': ['fe80::1%eth0'],
  'odd.example': ['not an address'],
  'gone.example': [],
  'printer.local': ['192.168.1.20'],
});

const NOT_PUBLIC = /address that is not public/;
const NO_URL = /must be an absolute https or http URL/;
const UNKNOWN = /can not be found now/;
const HTTPS = /must use https/;
const CREDENTIALS = /must not hold a user or password/;

const HOSTILE: readonly (readonly [url: string, why: RegExp])[] = [
  // this machine, in many spellings
  ['https://127.0.0.1/', NOT_PUBLIC],
  ['https://127.0.0.1.:8443/hook', NOT_PUBLIC],
  ['https://127.255.255.254/', NOT_PUBLIC],
  ['https://127.1/', NOT_PUBLIC],
  ['https://127.0.1/', NOT_PUBLIC],
  ['https://2130706433/', NOT_PUBLIC],
  ['https://0x7f000001/', NOT_PUBLIC],
  ['https://0x7f.0x0.0x0.0x1/', NOT_PUBLIC],
  ['https://017700000001/', NOT_PUBLIC],
  ['https://0177.0.0.01/', NOT_PUBLIC],
  ['https://0177.0x0.1/', NOT_PUBLIC],
  ['https://0/', NOT_PUBLIC],
  ['https://0.0.0.0/', NOT_PUBLIC],
  ['https://0.1.2.3/', NOT_PUBLIC],
  ['https://%31%32%37.0.0.1/', NOT_PUBLIC],
  ['https://127%2E0%2E0%2E1/', NOT_PUBLIC],
  ['https://①②⑦.⓪.⓪.①/', NOT_PUBLIC],
  ['https://１２７.０.０.１/', NOT_PUBLIC],
  ['https://127。0。0。1/', NOT_PUBLIC],
  ['https://127．0｡0．1/', NOT_PUBLIC],
  ['https://١٢٧.0.0.1/', NO_URL],
  ['https://localhost/', NOT_PUBLIC],
  ['https://LOCALHOST./', NOT_PUBLIC],
  ['https://ⓛocalhost/', NOT_PUBLIC],
  ['https://%6cocalhost/', NOT_PUBLIC],
  ['https://app.localhost/', NOT_PUBLIC],
  ['https://[::1]/', NOT_PUBLIC],
  ['https://[0:0:0:0:0:0:0:1]/', NOT_PUBLIC],
  ['https://[::]/', NOT_PUBLIC],
  // private and shared networks
  ['https://10.0.0.1/', NOT_PUBLIC],
  ['https://10.255.255.255/', NOT_PUBLIC],
  ['https://167772161/', NOT_PUBLIC],
  ['https://172.16.0.1/', NOT_PUBLIC],
  ['https://172.31.255.255/', NOT_PUBLIC],
  ['https://192.168.0.1/', NOT_PUBLIC],
  ['https://192.168.257/', NOT_PUBLIC],
  ['https://100.64.0.1/', NOT_PUBLIC],
  ['https://100.127.255.255/', NOT_PUBLIC],
  ['https://[fc00::1]/', NOT_PUBLIC],
  ['https://[fdff:ffff::1]/', NOT_PUBLIC],
  // links, clouds
  ['https://169.254.169.254/latest/meta-data/', NOT_PUBLIC],
  ['https://0xa9fea9fe/', NOT_PUBLIC],
  ['https://[fe80::1]/', NOT_PUBLIC],
  ['https://[febf::1]/', NOT_PUBLIC],
  ['https://[fec0::1]/', NOT_PUBLIC],
  ['https://[fd00:ec2::254]/', NOT_PUBLIC],
  ['https://100.100.100.200/', NOT_PUBLIC],
  ['https://168.63.129.16/', NOT_PUBLIC],
  ['https://192.0.0.192/', NOT_PUBLIC],
  ['https://metadata.google.internal/', NOT_PUBLIC],
  // addresses that hold others
  ['https://[::ffff:127.0.0.1]/', NOT_PUBLIC],
  ['https://[::ffff:7f00:1]/', NOT_PUBLIC],
  ['https://[::ffff:8.8.8.8]/', NOT_PUBLIC],
  ['https://[::127.0.0.1]/', NOT_PUBLIC],
  ['https://[::ffff:0:127.0.0.1]/', NOT_PUBLIC],
  ['https://[64:ff9b::127.0.0.1]/', NOT_PUBLIC],
  ['https://[64:ff9b:1::a00:1]/', NOT_PUBLIC],
  ['https://[2002:7f00:1::]/', NOT_PUBLIC],
  ['https://[2001:0:7f00:1::]/', NOT_PUBLIC],
  // neither hosts nor public
  ['https://192.0.2.1/', NOT_PUBLIC],
  ['https://198.51.100.1/', NOT_PUBLIC],
  ['https://203.0.113.1/', NOT_PUBLIC],
  ['https://198.18.0.1/', NOT_PUBLIC],
  ['https://198.19.255.255/', NOT_PUBLIC],
  ['https://192.88.99.1/', NOT_PUBLIC],
  ['https://224.0.0.1/', NOT_PUBLIC],
  ['https://239.255.255.250/', NOT_PUBLIC],
  ['https://240.0.0.1/', NOT_PUBLIC],
  ['https://255.255.255.255/', NOT_PUBLIC],
  ['https://[ff02::1]/', NOT_PUBLIC],
  ['https://[2001:db8::1]/', NOT_PUBLIC],
  ['https://[2001:2::1]/', NOT_PUBLIC],
  ['https://[3fff::1]/', NOT_PUBLIC],
  ['https://[100::1]/', NOT_PUBLIC],
  ['https://[5f00::1]/', NOT_PUBLIC],
  // names that lead there
  ['https://private.example/', NOT_PUBLIC],
  ['https://PRIVATE.example./', NOT_PUBLIC],
  ['https://mixed.example/', NOT_PUBLIC],
  ['https://mixed6.example/', NOT_PUBLIC],
  ['https://mapped.example/', NOT_PUBLIC],
  ['https://zone.example/', NOT_PUBLIC],
  ['https://odd.example/', NOT_PUBLIC],
  ['https://printer.local/', NOT_PUBLIC],
  ['https://gone.example/', UNKNOWN],
  // credentials, and hosts that look like others
  ['https://user:secret@example.com/', CREDENTIALS],
  ['https://example.com@10.0.0.1/', CREDENTIALS],
  ['https://:secret@example.com/', CREDENTIALS],
  ['https://example.com%40@127.0.0.1/', CREDENTIALS],
  // other schemes, and what parsers repair
  ['http://example.com/', HTTPS],
  ['HTTP://example.com/', HTTPS],
  ['ftp://example.com/', NO_URL],
  ['file:///etc/passwd', NO_URL],
  ['gopher://127.0.0.1:6379/_FLUSHALL', NO_URL],
  ['data:text/plain,x', NO_URL],
  ['javascript:alert(1)', NO_URL],
  ['unix:/var/run/docker.sock', NO_URL],
  ['//example.com/', NO_URL],
  ['/hook', NO_URL],
  ['', NO_URL],
  ['https:', NO_URL],
  ['https://', NO_URL],
  ['https:///example.com', NO_URL],
  ['https:example.com', NO_URL],
  ['https:\\\\example.com\\', NO_URL],
  ['https://example.com\\@127.0.0.1/', NO_URL],
  ['https://exam\nple.com/', NO_URL],
  ['https://example.com/\r\nX-Header: 1', NO_URL],
  [' https://example.com/', NO_URL],
  ['https://example.com/\u0000', NO_URL],
  ['https://%00/', NO_URL],
  ['https://[fe80::1%25eth0]/', NO_URL],
  ['https://[::1/', NO_URL],
  ['https://1.2.3.4.5/', NO_URL],
  ['https://256.1.1.1/', NO_URL],
  ['https://a..b/', NO_URL],
  ['https://./', NO_URL],
  ['https://example.com:99999/', NO_URL],
  [`https://example.com/${'a'.repeat(2048)}`, NO_URL],
];

describe('where webhooks may be (NEEDS 21)', () => {
  it.each(HOSTILE)('refuses %j', async (url, why) => {
    const policy = createAddressPolicy({ allowHttp: false, lookup });
    expect(await policy.check(url)).toMatch(why);
    expect(await policy.resolve(url)).toEqual({
      refused: expect.stringMatching(why),
      // only a name can change what it stands for
      retry: /\.example\.?\/|internal|\.local\//i.test(url) && !url.includes('@'),
    });
  });

  it('has a table of more than sixty', () => {
    expect(HOSTILE.length).toBeGreaterThan(60);
  });

  it.each([undefined, null, 7, {}, ['https://example.com/']])('refuses %j, which is no text', async (url) => {
    expect(await createAddressPolicy({ lookup }).check(url as string)).toMatch(NO_URL);
  });

  it.each([
    ['https://example.com/hook?a=b#c', [PUBLIC]],
    ['https://EXAMPLE.com.:8443/', [PUBLIC]],
    ['https://bücher.example/', [PUBLIC]],
    ['https://8.8.8.8/', ['8.8.8.8']],
    ['https://[2606:4700:4700::1111]/', ['2606:4700:4700::1111']],
    ['https://172.32.0.1/', ['172.32.0.1']],
    ['https://100.128.0.1/', ['100.128.0.1']],
  ])('allows %s', async (url, addresses) => {
    const policy = createAddressPolicy({ allowHttp: false, lookup });
    expect(await policy.check(url)).toBeUndefined();
    const found = await policy.resolve(url);
    expect('addresses' in found && found.addresses.map(({ address }) => address)).toEqual(addresses);
  });

  it.each([
    ['production', undefined, HTTPS],
    ['production', true, undefined],
    ['development', undefined, undefined],
    ['development', false, HTTPS],
  ])('with NODE_ENV %s and allowHttp %s', async (mode, allowHttp, why) => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = mode;
    try {
      const policy = createAddressPolicy({ lookup, ...(allowHttp !== undefined && { allowHttp }) });
      const fault = await policy.check('http://example.com/');
      if (why === undefined) expect(fault).toBeUndefined();
      else expect(fault).toMatch(why);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('takes a name server that never answers for one that knows nothing', async () => {
    const clock = fakeClock();
    const policy = createAddressPolicy({ lookup: () => undefined, clock });
    const checked = policy.check('https://example.com/');
    clock.advance(10_000);
    expect(await checked).toMatch(UNKNOWN);
  });

  it('takes a resolver that throws for one that knows nothing', async () => {
    const policy = createAddressPolicy({
      lookup: () => {
        throw new Error('broken');
      },
    });
    expect(await policy.check('https://example.com/')).toMatch(UNKNOWN);
  });
});

describe('allowPrivate', () => {
  const policy = createAddressPolicy({ allowPrivate: true, allowHttp: true, lookup });

  it.each([
    'http://127.0.0.1:3000/hook',
    'http://[::1]:3000/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://[fd12::1]/',
    'http://private.example/',
    'http://mixed.example/',
    'http://localhost:3000/',
  ])('allows %s', async (url) => {
    expect(await policy.check(url)).toBeUndefined();
  });

  it.each([
    'http://169.254.169.254/',
    'http://metadata.google.internal/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[fe80::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
  ])('still refuses %s', async (url) => {
    expect(await policy.check(url)).toMatch(NOT_PUBLIC);
  });
});

describe('allowHosts', () => {
  const policy = createAddressPolicy({
    allowHosts: ['hooks.example.com', '*.receivers.example', 'BÜCHER.example.', '8.8.8.8', '2606:4700::1'],
    lookup,
  });

  it.each([
    'https://hooks.example.com/',
    'https://HOOKS.example.com.:8443/',
    'https://a.receivers.example/',
    'https://a.b.receivers.example/',
    'https://xn--bcher-kva.example/',
    'https://8.8.8.8/',
    'https://[2606:4700:0:0::1]/',
  ])('allows %s', async (url) => {
    expect(await policy.check(url)).toBeUndefined();
  });

  it.each([
    'https://example.com/',
    'https://a.hooks.example.com/',
    'https://hooks.example.com.evil.example/',
    'https://receivers.example/',
    'https://evilreceivers.example/',
    'https://receivers.example.evil.example/',
    'https://8.8.4.4/',
    'https://10.0.0.1/',
  ])('refuses %s', async (url) => {
    expect(await policy.check(url)).toMatch(/not one that this server posts to/);
  });

  it('lifts nothing for addresses', async () => {
    const own = createAddressPolicy({ allowHosts: ['private.example', '10.0.0.1'], lookup });
    expect(await own.check('https://private.example/')).toMatch(NOT_PUBLIC);
    expect(await own.check('https://10.0.0.1/')).toMatch(NOT_PUBLIC);
  });

  it('allows nothing when it is empty', async () => {
    expect(await createAddressPolicy({ allowHosts: [], lookup }).check('https://example.com/')).toMatch(
      /not one/,
    );
  });

  it.each([
    'https://a.example',
    'a.example:80',
    '[::1]:80',
    '*',
    '*.',
    'a.*.example',
    '',
    'a/b',
    'u@a.example',
  ])('throws for %j', (host) => {
    const create = () => createAddressPolicy({ allowHosts: [host] });
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_A2A_OPTIONS' }));
  });

  it('throws for what is no list', () => {
    const create = () => createAddressPolicy({ allowHosts: 'a.example' as unknown as string[] });
    expect(create).toThrow('Option `push.allowHosts` must be a list of hosts');
  });
});
