import { BlockList, isIP } from 'node:net';

/**
 * What an address is to a sender of webhooks: `public` is reached through the internet, `private` is a machine of the
 * own network or this one, and `special` is none that a webhook could be at.
 */
export type AddressKind = 'public' | 'private' | 'special';

type Family = 'ipv4' | 'ipv6';

/** Classifies an address by the special-purpose registries of IANA (RFC 6890). What is no address is special. */
export function addressKind(address: string): AddressKind {
  const version = isIP(address);
  // an address with a zone is of a link
  if (version === 0 || address.includes('%')) return 'special';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const { special, own, global } = RANGES[family];
  if (special.check(address, family)) return 'special';
  if (own.check(address, family)) return 'private';
  return global.check(address, family) ? 'public' : 'special';
}

const RANGES = {
  ipv4: {
    special: listOf('ipv4', [
      '0.0.0.0/8', // this network
      '100.100.100.200/32', // metadata of Alibaba Cloud
      '168.63.129.16/32', // the host of a machine at Azure, for all that it looks public
      '169.254.0.0/16', // link-local, the metadata of most clouds
      '192.0.0.0/24', // protocol assignments, metadata of Oracle's older cloud
      '192.0.2.0/24', // documentation
      '192.88.99.0/24', // 6to4 relays
      '198.18.0.0/15', // benchmarking
      '198.51.100.0/24', // documentation
      '203.0.113.0/24', // documentation
      '224.0.0.0/4', // multicast
      '240.0.0.0/4', // reserved, and broadcast
    ]),
    own: listOf('ipv4', ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']),
    global: listOf('ipv4', ['0.0.0.0/0']),
  },
  ipv6: {
    special: listOf('ipv6', [
      '2001::/23', // protocol assignments: Teredo, benchmarking, ORCHID
      '2001:db8::/32', // documentation
      '2002::/16', // 6to4, which holds an IPv4 address
      '3fff::/20', // documentation
      'fd00:ec2::/32', // metadata of AWS
      'fd20:ce::/32', // metadata of Google Cloud
    ]),
    own: listOf('ipv6', ['::1/128', 'fc00::/7']),
    // so the rest is special: mapped, compatible and translated IPv4 (NAT64), link-local, site-local, multicast
    global: listOf('ipv6', ['2000::/3']),
  },
};

function listOf(family: Family, subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits = ''] = subnet.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
