import { Permission, Role, type FeedMessage } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress, isLoopback, isOwnName, networks } from './addresses.ts';
import { FORGET_MS, waitMs } from './back-off.ts';
import { patientReachOf, permissionsFor, reachOf, within, type Caller, type Reach } from './caller.ts';
import { messageFor } from './feed-policy.ts';
import { withoutPatients } from './patient-fields.ts';
import { namedIn } from './places.ts';
import { permissionsOf, permissionsOfAll } from './roles.ts';
import { hashSecret, newCode, newSecret, normalCode } from './secrets.ts';
import { isOver, lastInput } from './session-rules.ts';

const hour = 3_600_000;
const opened = (stationId: string) => ({ grantId: 'g', stationId, reason: '', until: new Date() });
const caller = (roles: Role[], stations: Reach, glass: string[] = []): Caller => ({
  kind: 'person',
  actor: 'a',
  displayName: 'A',
  roles,
  permissions: permissionsFor(roles, false),
  stations,
  opened: glass.map(opened),
  hasPassword: true,
  passwordChangeNeeded: false,
});

describe('the table of roles', () => {
  it('gives an administrator everything, every permission to somebody, and no administration to anybody else', () => {
    expect(permissionsOfAll(['admin'])).toEqual(Permission.options);
    const others = Role.options.filter((role) => role !== 'admin');
    for (const role of others) {
      expect(permissionsOf[role].filter((permission) => permission.startsWith('admin.'))).toEqual([]);
      expect(new Set(permissionsOf[role]).size, role).toBe(permissionsOf[role].length);
    }
    const given = new Set(others.flatMap((role) => permissionsOf[role]));
    expect(Permission.options.filter((p) => !given.has(p))).toEqual(['admin.system', 'admin.accounts']);
  });

  it('keeps what must not be together apart', () => {
    expect(permissionsOf.viewer).not.toContain('patient.read');
    expect(permissionsOf.auditor).toEqual(['audit.read', 'patient.read']);
    // A panel is touched by whoever is in the room.
    for (const far of ['clip.export', 'clip.save-remote', 'delivery.read', 'access.break-glass', 'audit.read']) {
      expect(permissionsOf.panel).not.toContain(far);
    }
    // What reads patients by itself may also be asked about them.
    for (const role of Role.options) {
      const has = new Set(permissionsOf[role]);
      if (has.has('patient.correct')) expect(has.has('patient.read'), role).toBe(true);
    }
  });

  it('gives more for more roles, and nothing while a one-time password stands', () => {
    fc.assert(
      fc.property(fc.subarray([...Role.options]), fc.constantFrom(...Role.options), (roles, another) => {
        const before = permissionsOfAll(roles);
        expect(permissionsOfAll([...roles, another])).toEqual(expect.arrayContaining(before));
        expect(permissionsFor(roles, true).size).toBe(0);
      }),
    );
  });
});

describe('the reach of a caller', () => {
  const rooms = fc.subarray(['or-1', 'or-2', 'or-3']);

  it('is its rooms and those it has opened; their patients only with the right, or in opened rooms', () => {
    fc.assert(
      fc.property(rooms, rooms, fc.constantFrom('or-1', 'or-2', 'or-3'), (own, glass, room) => {
        const nurse = caller(['nurse'], new Set(own), glass);
        const viewer = caller(['viewer'], new Set(own), glass);
        const reachable = own.includes(room) || glass.includes(room);
        expect(within(reachOf(nurse), room)).toBe(reachable);
        expect(within(patientReachOf(nurse), room)).toBe(reachable);
        expect(within(reachOf(viewer), room)).toBe(reachable);
        expect(within(patientReachOf(viewer), room)).toBe(glass.includes(room));
      }),
    );
    expect(patientReachOf(caller(['viewer'], 'everywhere')).valueOf()).toEqual(new Set());
    expect(reachOf(caller(['viewer'], 'everywhere', ['or-1']))).toBe('everywhere');
  });

  it('finds what a request names, however deep', () => {
    const body = {
      clipId: 'C1',
      sources: [{ clipId: 'C2', deep: [{ more: { stationId: 'or-2' } }] }],
      clipIds: ['C3', 4],
    };
    const found = namedIn({ stationId: 'or-1' }, body, { procedureId: 'P', uid: '1.2' }, 'text', undefined);
    expect([...found.clips]).toEqual(['C1', 'C2', 'C3']);
    expect([...found.stations]).toEqual(['or-1', 'or-2']);
    expect([[...found.procedures], [...found.instances]]).toEqual([['P'], ['1.2']]);
  });
});

describe('what is told of patients', () => {
  const patient = { name: 'Canary^Jane', id: 'CANARY-1', birthDate: '19700101', sex: 'F' };
  const of = (stationId: string) => ({ stationId, patient, accessionNumber: 'CANARY-2', description: 'Polypectomy' });

  it('is what happened, and of rooms within reach who it was', () => {
    const answer = {
      items: [of('or-1'), { stationId: 'or-2', procedure: { patient, recipe: { name: 'endoscopy' } } }],
    };
    expect(withoutPatients(answer, 'everywhere')).toBe(answer);
    const shown = withoutPatients(answer, new Set(['or-1']));
    expect(shown.items[0]).toEqual(of('or-1'));
    expect(shown.items[1]).toEqual({
      stationId: 'or-2',
      procedure: { patient: { name: '', id: '' }, recipe: { name: 'endoscopy' } },
    });
    expect(JSON.stringify(withoutPatients(answer, new Set()))).not.toMatch(/canary/i);
    expect(JSON.stringify(withoutPatients({ patient, items: [{ patientId: 'CANARY-3' }] }, new Set(['or-1'])))).not.toMatch(/canary/i); // prettier-ignore
  });

  it('holds in the feed, where a message is also only told to whom it concerns', () => {
    const clip = { kind: 'clip', clip: { ...of('or-2'), clipId: 'C' } } as unknown as FeedMessage;
    const told = (who: Caller, message: FeedMessage, stationId?: string) =>
      messageFor(who, { message, ...(stationId === undefined ? {} : { stationId }) });
    const glass = { kind: 'alarm', code: 'break-glass', reason: '', at: '' } as const;
    const lost = { kind: 'alarm', code: 'delivery-failed', reason: '', at: '' } as const;
    const beat = { kind: 'heartbeat', at: '' } as const;
    const here = caller(['nurse'], new Set(['or-1']));
    expect(told(here, clip, 'or-2')).toBeUndefined();
    expect(told(caller(['nurse'], new Set(['or-1']), ['or-2']), clip, 'or-2')).toEqual(clip);
    expect(JSON.stringify(told(caller(['viewer'], 'everywhere'), clip, 'or-2'))).not.toMatch(/canary/i);
    expect(told(caller(['auditor'], 'everywhere'), clip, 'or-2')).toBeUndefined();
    expect([told(here, lost), told(here, beat), told(caller(['nurse'], 'everywhere'), lost)]).toEqual([undefined, beat, lost]); // prettier-ignore
    expect(told(caller(['surgeon'], 'everywhere'), glass, 'or-1')).toBeUndefined();
    expect(told(caller(['admin'], 'everywhere'), glass, 'or-1')).toEqual(glass);
  });
});

describe('guessing', () => {
  const now = new Date('2026-11-28T12:00:00Z');
  const after = (count: number, agoMs: number) => ({ count, lastAt: new Date(now.getTime() - agoMs) });

  it('waits longer after each failure, never for ever, and begins anew after an hour', () => {
    expect(waitMs('pair', undefined, now)).toBe(0);
    expect([4, 5, 6, 7, 8].map((count) => waitMs('pair', after(count, 0), now))).toEqual([0, 1000, 2000, 4000, 8000]);
    fc.assert(
      fc.property(
        fc.constantFrom('pair', 'name', 'address'),
        fc.nat(10_000),
        fc.nat(2 * FORGET_MS),
        (counted, count, agoMs) => {
          const wait = waitMs(counted, after(count, agoMs), now);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(counted === 'name' ? 60_000 : 900_000);
          expect(waitMs(counted, after(count + 1, agoMs), now)).toBeGreaterThanOrEqual(wait);
          if (agoMs >= FORGET_MS) expect(wait).toBe(0);
        },
      ),
    );
  });

  it('of secrets is hopeless, and codes are read aloud without mistakes', () => {
    expect(newSecret()).toMatch(/^[\w-]{43}$/);
    expect(hashSecret('a')).toMatch(/^[0-9a-f]{64}$/);
    const code = newCode(2);
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ2-9]{4}-[BCDFGHJKLMNPQRSTVWXZ2-9]{4}$/);
    expect(normalCode(` ${code.toLowerCase().replace('-', ' ')} `)).toBe(code);
  });
});

describe('a session', () => {
  const limits = { idleMs: hour, absoluteMs: 12 * hour };
  const at = (hours: number) => new Date(Date.UTC(2026, 10, 28) + hours * hour);

  it('ends without input, and at the latest after its time', () => {
    const session = (lastSeen: number) => ({ createdAt: at(0), lastSeenAt: at(lastSeen) });
    expect([0.5, 0.99].map((h) => isOver(session(0), limits, at(h)))).toEqual([false, false]);
    expect(isOver(session(0), limits, at(1))).toBe(true);
    expect(isOver(session(11.5), limits, at(11.9))).toBe(false);
    expect(isOver(session(11.9), limits, at(12))).toBe(true);
  });

  it('counts input, not what a page asks by itself', () => {
    expect(lastInput(at(1), '3600')).toEqual(at(0));
    expect(lastInput(at(1), undefined)).toEqual(at(1));
    expect(['-5', 'x', '1e9', ''].map((header) => lastInput(at(1), header))).toEqual([at(1), at(1), at(1), at(1)]);
  });
});

describe('addresses', () => {
  it('are believed of trusted proxies only, hop by hop', () => {
    const proxies = networks(['10.0.0.0/8', '2001:db8::/32']);
    expect(clientAddress('192.0.2.1', '198.51.100.7', proxies)).toBe('192.0.2.1');
    expect(clientAddress('::ffff:10.1.1.1', '198.51.100.7', proxies)).toBe('198.51.100.7');
    expect(clientAddress('10.1.1.1', '203.0.113.9, 198.51.100.7, 10.2.2.2', proxies)).toBe('198.51.100.7');
    expect(clientAddress('10.1.1.1', 'nonsense', proxies)).toBe('10.1.1.1');
    expect(clientAddress('2001:db8::5', '2001:db9::1', proxies)).toBe('2001:db9::1');
    expect(() => networks(['10.0.0.0/40'])).toThrow('"10.0.0.0/40"');
    expect(() => networks(['proxy'])).toThrow('is no address');
  });

  it('of this machine are known, and its own names', () => {
    expect(['127.0.0.1', '127.5.5.5', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true);
    expect(['10.0.0.1', '::2', 'x', ''].some(isLoopback)).toBe(false);
    expect(['localhost:8080', '127.0.0.1', '[::1]:80'].every(isOwnName)).toBe(true);
    expect(['127.0.0.1.evil.example', 'localhost.evil', 'evil'].some(isOwnName)).toBe(false);
  });
});
