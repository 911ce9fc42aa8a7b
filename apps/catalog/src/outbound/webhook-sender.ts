import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { WebhookConfig } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';

const TIMEOUT_MS = 15_000;
type Reach = WebhookConfig['reach'];

function ranges(...all: string[]): BlockList {
  const list = new BlockList();
  for (const range of all) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
const machine = ranges('127.0.0.0/8', '::1/128');
const site = ranges('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7');
/** This network, link-local (cloud metadata), multicast, reserved, translated: nobody's webhook. */
const nowhere = ranges(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  '64:ff9b::/96',
  '2002::/16',
);

/** May a webhook go to this address? */
export function mayReach(address: string, reach: Reach): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(plain) === 0 || nowhere.check(plain, family) || /^::ffff:/i.test(plain)) return false;
  if (machine.check(plain, family)) return reach === 'machine';
  if (site.check(plain, family)) return reach !== 'public';
  return true;
}

const refused = (address: string, reach: Reach) =>
  inputError('address-refused', `${address} is beyond the reach "${reach}" of this webhook`);

/** Resolves a name and lets the connection go only to addresses that were checked: the name cannot change in between. */
function checkedLookup(reach: Reach): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const bad = found?.find(({ address }) => !mayReach(address, reach));
      const [first] = found ?? [];
      if (error) callback(error, []);
      else if (bad) callback(refused(bad.address, reach), []);
      else if (options.all) callback(null, found);
      else callback(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

/** One POST; the status, whatever it is. Redirects are not followed, the answer's body is not read. */
export function post(
  target: string,
  body: string,
  headers: Record<string, string>,
  options: { reach: Reach; signal: AbortSignal },
): Promise<{ status: number; retryAfterSeconds: number | undefined }> {
  const url = new URL(target);
  const { reach, signal } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is not looked up.
  if (isIP(host) !== 0 && !mayReach(host, reach)) return Promise.reject(refused(host, reach));
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      agent: false,
      lookup: checkedLookup(reach),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    });
    request.once('error', reject).once('response', (response) => {
      const after = Number(response.headers['retry-after']);
      resolve({ status: response.statusCode ?? 0, retryAfterSeconds: Number.isNaN(after) ? undefined : after });
      request.destroy();
    });
    request.end(body);
  });
}
