import { BlockList, isIP } from 'node:net';

/** `127.0.0.1` for `::ffff:127.0.0.1`. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');

export function isIn(list: BlockList, address: string): boolean {
  const family = isIP(plain(address));
  return family !== 0 && list.check(plain(address), family === 4 ? 'ipv4' : 'ipv6');
}

/** Addresses and networks, `10.0.0.0/8`, to look into. @throws RangeError quoting what is neither */
export function networks(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const family = isIP(address);
    const all = family === 4 ? 32 : 128;
    if (family === 0 || Number(bits ?? all) > all) {
      throw new RangeError(`${JSON.stringify(text)} is no address or network such as 10.0.0.0/8`);
    }
    list.addSubnet(address, Number(bits ?? all), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

const loopback = networks(['127.0.0.0/8', '::1']);
export const isLoopback = (address: string): boolean => isIn(loopback, address);

/** Names by which a machine calls itself; with or without a port. */
export const isOwnName = (host: string): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host);

/** Where a request comes from: of what stands behind trusted proxies, the nearest that is none of them. */
export function clientAddress(peer: string, forwarded: string | undefined, proxies: BlockList): string {
  let address = plain(peer);
  for (const hop of (forwarded ?? '').split(',').reverse()) {
    const next = plain(hop.trim());
    if (!isIn(proxies, address) || isIP(next) === 0) break;
    address = next;
  }
  return address;
}
