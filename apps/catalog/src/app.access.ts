import { hostname } from 'node:os';
import type { Provider } from '@nestjs/common';
import { InvalidConfiguration } from '@smartbox/contracts';
import { tlsOptions } from '@smartbox/dimse';
import { systemClock } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import { AccessLog } from './application/access/access-log.ts';
import { Accounts } from './application/access/accounts.ts';
import { Attempts } from './application/access/attempts.ts';
import { BreakGlass } from './application/access/break-glass.ts';
import { Devices } from './application/access/devices.ts';
import { Doorkeeper } from './application/access/doorkeeper.ts';
import { HospitalSignIn, ProviderSignIns } from './application/access/provider-sign-in.ts';
import { SetUpCode, SignIns } from './application/access/sign-in.ts';
import { AuditSender } from './application/audit-sender.ts';
import { Housekeeping } from './application/housekeeping.ts';
import { Imports } from './application/imports.ts';
import type { Config } from './config.ts';
import { isLoopback, networks } from './domain/access/addresses.ts';
import { newCode } from './domain/access/secrets.ts';
import { AccessGuard } from './inbound/http/access/access.guard.ts';
import { AccountsController } from './inbound/http/access/accounts.controller.ts';
import { AuditLogController } from './inbound/http/access/audit-log.controller.ts';
import { BreakGlassController } from './inbound/http/access/break-glass.controller.ts';
import { Cookies } from './inbound/http/access/cookies.ts';
import { DevicesController } from './inbound/http/access/devices.controller.ts';
import { Recognition } from './inbound/http/access/identify.ts';
import { PatientInterceptor } from './inbound/http/access/patient.interceptor.ts';
import { ProviderController } from './inbound/http/access/provider.controller.ts';
import { SessionController } from './inbound/http/access/session.controller.ts';
import { make } from './make-provider.ts';
import { AccountStore } from './outbound/access/account-store.ts';
import { BreakGlassStore } from './outbound/access/break-glass-store.ts';
import { PanelStore, TokenStore } from './outbound/access/device-store.ts';
import { FailureStore } from './outbound/access/failure-store.ts';
import { FlowStore } from './outbound/access/flow-store.ts';
import { PasswordHasher } from './outbound/access/password-hasher.ts';
import { ProviderClient } from './outbound/access/provider-client.ts';
import { SessionStore } from './outbound/access/session-store.ts';
import { Whereabouts } from './outbound/access/whereabouts.ts';
import { AuditRepository } from './outbound/audit-repository.ts';
import { AuditSendingStore } from './outbound/audit-sending-store.ts';
import { AuditStore } from './outbound/audit-store.ts';
import { readAudit, readProvider } from './outbound/config-files.ts';
import { Database } from './outbound/database.ts';
import { OutboxStore } from './outbound/outbox-store.ts';
import { StationStore } from './outbound/station-store.ts';

export const accessControllers = [
  SessionController,
  ProviderController,
  AccountsController,
  DevicesController,
  BreakGlassController,
  AuditLogController,
];

/** Only this machine reaches a service that listens there. */
const isLocal = ({ host }: Config) => host === 'localhost' || isLoopback(host);

/** Who writes the audit messages, exported or sent. */
export const auditSource = ({ institution }: Config) => ({
  id: `smartbox-catalog@${hostname()}`,
  enterprise: institution,
});

/** Who may come in, and what for: where the ports of application/access meet their adapters. */
export function accessProviders(config: Config): Provider[] {
  const { publicUrl, sessionLimits: limits, auditRetentionDays } = config;
  return [
    AccessGuard,
    PatientInterceptor,
    make(AccountStore, [Database], (db: Database) => new AccountStore(db)),
    make(SessionStore, [Database], (db: Database) => new SessionStore(db)),
    make(TokenStore, [Database], (db: Database) => new TokenStore(db)),
    make(PanelStore, [Database], (db: Database) => new PanelStore(db)),
    make(FailureStore, [Database], (db: Database) => new FailureStore(db)),
    make(FlowStore, [Database], (db: Database) => new FlowStore(db)),
    make(BreakGlassStore, [Database, OutboxStore], (db: Database, box: OutboxStore) => new BreakGlassStore(db, box)),
    make(Whereabouts, [Database], (db: Database) => new Whereabouts(db)),
    make(AuditStore, [Database], (db: Database) => new AuditStore(db)),
    make(PasswordHasher, [], () => new PasswordHasher()),
    make(Cookies, [], () => new Cookies(publicUrl)),
    make(SetUpCode, [], () => {
      return new SetUpCode(config.firstAccount === 'code' && !isLocal(config) ? newCode(4) : undefined);
    }),
    make(Attempts, [FailureStore], (store: FailureStore) => new Attempts(store, systemClock)),
    make(AccessLog, [AuditStore], (log: AuditStore) => new AccessLog(log, systemClock)),
    make(
      HospitalSignIn,
      [FlowStore, AccountStore, SessionStore, AuditStore],
      async (flows: FlowStore, accounts: AccountStore, sessions: SessionStore, log: AuditStore) => {
        const provider = await readProvider(config.configDir);
        if (!provider) return new HospitalSignIn(undefined, undefined);
        const { roles, stationsClaim } = provider;
        const rules = { rolesClaim: roles.claim, roles: roles.map, stationsClaim };
        const parts = { client: new ProviderClient(provider), flows, accounts, sessions, log };
        return new HospitalSignIn(provider.name, new ProviderSignIns(parts, { rules, publicUrl }, systemClock));
      },
    ),
    make(
      Doorkeeper,
      [AccountStore, SessionStore, TokenStore, PanelStore, HospitalSignIn],
      (
        accounts: AccountStore,
        sessions: SessionStore,
        tokens: TokenStore,
        panels: PanelStore,
        hospital: HospitalSignIn,
      ) => {
        const settings = { isLocal: isLocal(config), hasProvider: hospital.signIns !== undefined, limits };
        return new Doorkeeper({ accounts, sessions, tokens, panels }, settings, systemClock);
      },
    ),
    make(Recognition, [Doorkeeper, Cookies], (door: Doorkeeper, cookies: Cookies) => {
      return new Recognition(door, cookies, networks(config.trustedProxies));
    }),
    make(
      SignIns,
      [AccountStore, SessionStore, PasswordHasher, Attempts, AuditStore, Doorkeeper, SetUpCode],
      (
        accounts: AccountStore,
        sessions: SessionStore,
        hasher: PasswordHasher,
        attempts: Attempts,
        log: AuditStore,
        door: Doorkeeper,
        code: SetUpCode,
      ) => new SignIns({ accounts, sessions, hasher, attempts, log, door }, code, systemClock),
    ),
    make(
      Accounts,
      [AccountStore, SessionStore, PasswordHasher],
      (store: AccountStore, sessions: SessionStore, hasher: PasswordHasher) =>
        new Accounts(store, sessions, hasher, systemClock),
    ),
    make(
      Devices,
      [TokenStore, PanelStore, StationStore],
      (tokens: TokenStore, panels: PanelStore, stations: StationStore) =>
        new Devices(tokens, panels, stations, systemClock),
    ),
    make(BreakGlass, [BreakGlassStore, StationStore], (store: BreakGlassStore, stations: StationStore) => {
      return new BreakGlass(store, stations, systemClock);
    }),
    make(AuditSender, [Database, OutboxStore], async (db: Database, outbox: OutboxStore) => {
      const file = await readAudit(config.configDir);
      if (!file) return new AuditSender(undefined);
      const { host, port, tls, alarmMinutes } = file.repository;
      const options = { ...tlsOptions(tls, config.configDir, 'audit.yaml: repository'), host, port };
      return new AuditSender({
        queue: new AuditSendingStore(db, outbox),
        repository: new AuditRepository(options),
        source: auditSource(config),
        sender: { host: hostname(), processId: process.pid },
        alarmMs: alarmMinutes * 60_000,
        clock: systemClock,
        log: createLogger('catalog'),
      });
    }),
    make(
      Housekeeping,
      [Doorkeeper, AuditStore, OutboxStore, Imports],
      (door: Doorkeeper, audit: AuditStore, outbox: OutboxStore, imports: Imports) =>
        new Housekeeping(
          {
            sweepSessions: () => door.sweep(),
            sweepUploads: () => imports.sweep(),
            checkAudit: (at) => audit.check(at),
            auditHead: () => audit.head(),
            pruneAudit: (before, at) => audit.prune(before, at),
            auditBroken: (check, at) => audit.broken(outbox, check, at),
          },
          auditRetentionDays,
          systemClock,
          createLogger('catalog'),
        ),
    ),
  ];
}

/** @throws InvalidConfiguration where others could come in and nobody would have to say who they are. */
export async function checkDoor(door: Doorkeeper, config: Config): Promise<void> {
  if ((await door.access()) !== 'set-up' || config.firstAccount !== undefined) return;
  throw new InvalidConfiguration(
    [
      `environment variable HOST: at ${config.host} others reach this service, and nobody has an account yet. One of these:`,
      '  node apps/catalog/dist/accounts.js add --name <name> --role admin   (with DATABASE_URL; smartbox accounts add)',
      '  FIRST_ACCOUNT=code                                                  made in the browser with a code of this log',
      '  CONFIG_DIR with sign-in.yaml                                        people sign in at the hospital',
      '  HOST=127.0.0.1                                                      only this machine, without accounts',
    ].join('\n'),
  );
}
