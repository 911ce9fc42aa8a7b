import { Permission } from '@smartbox/contracts';
import type {
  AccountView,
  ApiTokenView,
  AuditChainView,
  AuditEntryView,
  CallerView,
  OpenSession,
  PanelView,
  SessionView,
} from '@smartbox/contracts';
import type { z } from 'zod';
import { ago, ulidOf } from './fixture-data.ts';

const ahead = (ms: number): string => new Date(Date.now() + ms).toISOString();

export const caller = (change: Partial<CallerView> = {}): CallerView => ({
  kind: 'person',
  actor: 'anna',
  displayName: 'Anna Berger',
  roles: ['admin'],
  permissions: Permission.options,
  stations: null,
  opened: [],
  passwordChangeNeeded: false,
  hasPassword: true,
  endsAt: ahead(8 * 3_600_000),
  idleMinutes: 60,
  ...change,
});
export const viewer: Partial<CallerView> = {
  roles: ['viewer'],
  permissions: ['room.read', 'live.watch', 'clip.read', 'access.break-glass'],
};
export const auditor: Partial<CallerView> = { roles: ['auditor'], permissions: ['audit.read', 'patient.read'] };

export const nobody: SessionView = { access: 'accounts', signIn: { password: true } };
export const signedIn = (who: CallerView): SessionView => ({ ...nobody, caller: who });
export const open: SessionView = {
  access: 'open',
  caller: caller({ kind: 'local', actor: 'local', displayName: 'local', hasPassword: false }),
  signIn: { password: true },
};
export const hospital = { name: 'Klinikum Nord', startUrl: '/api/v1/session/provider' };

export const sessions: z.infer<typeof OpenSession>[] = [
  {
    sessionId: ulidOf(701),
    current: true,
    address: '10.20.3.14',
    device: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    since: ago(3_600_000),
    lastSeenAt: ago(20_000),
    endsAt: ahead(8 * 3_600_000),
  },
  {
    sessionId: ulidOf(702),
    current: false,
    address: '10.20.3.77',
    device: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Mobile/15E148 Safari/604.1',
    since: ago(7_200_000),
    lastSeenAt: ago(1_800_000),
    endsAt: ahead(2 * 3_600_000),
  },
];

const account = (n: number, change: Partial<AccountView>): AccountView => ({
  accountId: ulidOf(710 + n),
  name: 'anna',
  displayName: 'Anna Berger',
  origin: 'local',
  roles: ['admin'],
  stations: null,
  disabled: false,
  passwordChangeNeeded: false,
  createdAt: ago(90 * 86_400_000),
  lastSignInAt: ago(3_600_000),
  openSessions: 2,
  ...change,
});
export const accounts: AccountView[] = [
  account(0, {}),
  account(1, { name: 'm.okafor', displayName: 'Dr. Michael Okafor', roles: ['surgeon'], origin: 'provider', openSessions: 1 }), // prettier-ignore
  account(2, { name: 'pflege-op1', displayName: 'Jutta Kern', roles: ['nurse', 'auditor'], stations: ['or-1', 'or-2'], passwordChangeNeeded: true, openSessions: 0 }), // prettier-ignore
  account(3, { name: 'hospitant', displayName: 'Lena Vogt', roles: ['viewer'], stations: ['or-2'], disabled: true, openSessions: 0 }), // prettier-ignore
];

const token = (n: number, change: Partial<ApiTokenView>): ApiTokenView => ({
  tokenId: ulidOf(720 + n),
  name: 'his-export',
  roles: ['integrator'],
  stations: null,
  createdAt: ago(30 * 86_400_000),
  createdBy: 'anna',
  ...change,
});
export const tokens: ApiTokenView[] = [
  token(0, { lastUsedAt: ago(45_000), expiresAt: ahead(200 * 86_400_000) }),
  token(1, { name: 'tools', roles: ['admin'], createdBy: 'system', lastUsedAt: ago(86_400_000) }),
  token(2, { name: 'probe-2025', expiresAt: ago(86_400_000) }),
  token(3, { name: 'old-export', revokedAt: ago(10 * 86_400_000) }),
];

export const panels: PanelView[] = [
  {
    panelId: ulidOf(730),
    stationId: 'or-1',
    name: 'OP 1, Deckenarm',
    address: '10.20.9.11',
    device: sessions[0]!.device,
    pairedAt: ago(60 * 86_400_000),
    pairedBy: 'anna',
    lastSeenAt: ago(3_000),
  },
];

const entry = (sequence: number, change: Partial<AuditEntryView>): AuditEntryView => ({
  sequence,
  id: ulidOf(800 + sequence),
  at: ago((2_000 - sequence) * 60_000),
  actor: 'anna',
  action: 'session.sign-in',
  kind: 'sign-in',
  outcome: 'success',
  subject: 'account/anna',
  address: '10.20.3.14',
  detail: {},
  hash: sequence.toString(16).padStart(64, 'c0ffee'),
  ...change,
});
export const entries: AuditEntryView[] = [
  entry(1998, { action: 'access.break-glass', kind: 'emergency', actor: 'm.okafor', subject: 'station/or-2', stationId: 'or-2', detail: { reason: 'Nachblutung, Kollege ist nicht erreichbar', minutes: 60 } }), // prettier-ignore
  entry(1997, { action: 'clip.play', kind: 'access', actor: 'm.okafor', subject: `clip/${ulidOf(100)}`, stationId: 'or-1', patientId: 'P-4711-0815' }), // prettier-ignore
  entry(1996, { outcome: 'failure', actor: 'unknown', address: '10.20.7.2', detail: { name: 'admin' } }),
  entry(1995, { action: 'clip.save', kind: 'change', actor: 'panel:or-1/3k7qf2', subject: `clip/${ulidOf(100)}`, stationId: 'or-1', patientId: 'P-4711-0815', detail: { lastSeconds: 120, pressedAt: 'room' } }), // prettier-ignore
  entry(1994, { action: 'clip.export-list', kind: 'export', actor: 'token:his-export', subject: 'search' }),
  entry(1993, { action: 'system.start', kind: 'system', actor: 'system', subject: 'system' }),
];

export const chain: AuditChainView = {
  entries: 1998,
  first: { sequence: 1, at: ago(200 * 86_400_000) },
  head: { sequence: 1998, hash: 'c0ffee'.padEnd(64, '0') },
  retentionDays: 3653,
  check: { at: ago(3_600_000), entries: 1996, intact: true, faults: [] },
};
