import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindingRequest, bindingSuccess, isAuthentic, readStun } from './stun.ts';

/** RFC 5769 section 2.1 and 2.2: test vectors of short-term credentials. */
const password = 'VOkJxbRl1RmTxUk/WvJxBt';
const request = Buffer.from(
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1' +
    '51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
  'hex',
);
const response4 = Buffer.from(
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96',
  'hex',
);

describe('STUN', () => {
  it('reads what RFC 5769 has written', () => {
    const read = readStun(request);
    expect(read).toMatchObject({ kind: 'request', username: 'evtj:h6vY', useCandidate: false });
    expect(read && isAuthentic(request, read, password)).toBe(true);
    expect(read && isAuthentic(request, read, `${password}x`)).toBe(false);
    const answer = readStun(response4);
    expect(answer).toMatchObject({ kind: 'success', username: undefined });
    expect(answer && isAuthentic(response4, answer, password)).toBe(true);
  });

  it('writes what it reads', () => {
    const transaction = randomBytes(12);
    const base = { transaction, username: 'abcd:efgh', password, priority: 7, tieBreaker: randomBytes(8) };
    for (const role of ['controlling', 'controlled'] as const) {
      const packet = bindingRequest({ ...base, role });
      const read = readStun(packet);
      expect(read).toMatchObject({ kind: 'request', transaction, username: 'abcd:efgh' });
      expect(read?.useCandidate).toBe(role === 'controlling');
      expect(read && isAuthentic(packet, read, password)).toBe(true);
    }
  });

  it('writes an address as RFC 5769 section 2.2 and 2.3 do', () => {
    const transaction = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');
    const four = bindingSuccess(transaction, { address: '192.0.2.1', port: 32853 }, password);
    expect(four.toString('hex')).toContain('002000080001a147e112a643');
    const six = bindingSuccess(transaction, { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 }, password);
    expect(six.toString('hex')).toContain('002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9');
    expect(bindingSuccess(transaction, { address: '::1', port: 1 }, password).length).toBe(six.length);
  });

  it('takes nothing for a message that is none, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.nat(200), (noise, headed, cut) => {
        const packet = headed ? Buffer.concat([request.subarray(0, 20), noise]) : Buffer.from(noise);
        const read = readStun(packet);
        if (read) expect(isAuthentic(packet, read, password)).toBe(false);
        if (cut < request.length) expect(readStun(request.subarray(0, cut))).toBeUndefined();
      }),
    );
  });
});
