import { describe, expect, it } from 'vitest';
import { signLiveToken, verifyLiveToken } from './live-token.ts';

const secret = 'a secret of the installation';
const claims = { stationId: 'or-1', sourceIds: ['endo', 'room'], exp: 2_000_000_000 };
const now = new Date(1_900_000_000_000);

describe('live token', () => {
  it('comes back as it was signed', () => {
    expect(verifyLiveToken(signLiveToken(claims, secret), secret, now)).toEqual({ ...claims, use: 'watch' });
    const toSend = { ...claims, use: 'publish' } as const;
    expect(verifyLiveToken(signLiveToken(toSend, secret), secret, now)).toEqual(toSend);
  });

  it('is refused when changed, signed with another secret, unsigned or expired', () => {
    const token = signLiveToken(claims, secret);
    const [header, , signature] = token.split('.');
    const other = Buffer.from(JSON.stringify({ ...claims, sourceIds: ['other'] })).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    const bad = [`${header}.${other}.${signature}`, `${none}.${other}.`, `${token}.x`, 'x', '', `${header}.${other}`];
    for (const text of bad) expect(() => verifyLiveToken(text, secret, now)).toThrow(/was not made by this system/);
    expect(() => verifyLiveToken(token, 'another secret', now)).toThrow(/was not made/);
    expect(() => verifyLiveToken(token, secret, new Date(2_000_000_000_000))).toThrow(/ended at 2033/);
  });
});
