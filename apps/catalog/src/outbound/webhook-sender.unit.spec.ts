import { describe, expect, it } from 'vitest';
import { mayReach } from './webhook-sender.ts';

describe('the address of a webhook', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
    ['10.1.2.3', 'site'],
    ['172.31.255.255', 'site'],
    ['192.168.0.1', 'site'],
    ['fd00::1', 'site'],
    ['::ffff:10.0.0.1', 'site'],
    ['127.0.0.1', 'machine'],
    ['::1', 'machine'],
    ['::ffff:127.0.0.1', 'machine'],
    ['169.254.169.254', undefined],
    ['::ffff:169.254.169.254', undefined],
    ['::ffff:a9fe:a9fe', undefined],
    ['0.0.0.0', undefined],
    ['fe80::1', undefined],
    ['224.0.0.1', undefined],
    ['255.255.255.255', undefined],
    ['64:ff9b::a00:1', undefined],
    ['not an address', undefined],
  ] as const)('%s is reached from %s on', (address, least) => {
    const steps = ['public', 'site', 'machine'] as const;
    const from = least === undefined ? steps.length : steps.indexOf(least);
    expect(steps.map((reach) => mayReach(address, reach))).toEqual(steps.map((_, i) => i >= from));
  });
});
