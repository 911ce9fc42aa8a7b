import { describe, expect, it } from 'vitest';
import { checkPassword } from './password.ts';
import { fromClaims } from './provider-claims.ts';

const account = { name: 'anna.berger', displayName: 'Dr. Anna Berger' };
const verdict = (password: string): string => {
  try {
    checkPassword(password, account);
    return 'fine';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a password', () => {
  it('is long, not the name, and not what everybody tries', () => {
    expect(verdict('kurz')).toBe('password-too-short');
    expect(verdict('elf Zeichen')).toBe('password-too-short');
    // Twelve characters, whatever their bytes.
    expect(verdict('äöüßäöüßäöüx')).toBe('fine');
    expect(verdict('drei Fliegen im Honig')).toBe('fine');
    for (const own of ['anna.berger-2026', 'mein B3rger Passwort', 'xxANNA.BERGERxx']) {
      expect(verdict(own), own).toBe('password-has-name');
    }
    for (const common of ['Passwort 2026!', 'P@ssw0rd-P@ssw0rd', 'qwertzuiop123', 'aaaaaaaaaaaa', '1234123412341234']) {
      expect(verdict(common), common).toBe('password-too-common');
    }
  });
});

describe('the claims of a provider', () => {
  const rules = { rolesClaim: 'realm_access.roles', roles: { docs: ['surgeon'], it: ['admin', 'auditor'] } } as const;

  it('say who somebody is and what they may', () => {
    const claims = { sub: 's-1', preferred_username: 'Anna.Berger@Klinik.example', name: 'Anna Berger' };
    expect(fromClaims({ ...claims, realm_access: { roles: ['docs', 'it', 'cooks'] } }, rules)).toEqual({
      name: 'anna.berger@klinik.example',
      displayName: 'Anna Berger',
      roles: ['admin', 'auditor', 'surgeon'],
      stations: undefined,
    });
    expect(fromClaims(claims, rules).roles).toEqual([]);
    expect(fromClaims({ sub: 's', 'a.b': 'it' }, { rolesClaim: 'a.b', roles: rules.roles }).roles).toEqual([
      'admin',
      'auditor',
    ]);
    expect(fromClaims({ sub: 'ÄÖ', g: 'docs it' }, { rolesClaim: 'g', roles: rules.roles })).toMatchObject({
      name: 'user-x',
      roles: ['admin', 'auditor', 'surgeon'],
    });
  });

  it('limit to rooms where that is asked for: no claim, no room', () => {
    const limited = { ...rules, stationsClaim: 'rooms' };
    expect(fromClaims({ sub: 's', rooms: ['or-1', 'or-2'] }, limited).stations).toEqual(['or-1', 'or-2']);
    expect(fromClaims({ sub: 's' }, limited).stations).toEqual([]);
  });
});
