import { z } from 'zod';
import { Instant, Token, Ulid } from './primitives.ts';

/** Who may come in and what for: sessions, accounts, tokens, panels, break-glass. Served by the catalog under /api/v1. */

/** What a caller may be allowed; which role brings which stands in one table of the catalog (docs/security.md). */
export const Permission = z.enum([
  'room.read',
  'live.watch',
  'live.talk',
  'live.publish',
  'procedure.run',
  'clip.read',
  'clip.save',
  'clip.save-remote',
  'clip.edit',
  'clip.export',
  'clip.hide',
  'clip.hold',
  'clip.import',
  'patient.read',
  'patient.correct',
  'delivery.read',
  'delivery.retry',
  'alarm.acknowledge',
  'access.break-glass',
  'admin.system',
  'admin.accounts',
  'audit.read',
]);
export type Permission = z.infer<typeof Permission>;

/** What a person or a token can be. `panel` is for devices only. */
export const AccountRole = z.enum(['surgeon', 'nurse', 'viewer', 'integrator', 'auditor', 'admin']);
export type AccountRole = z.infer<typeof AccountRole>;
export const Role = z.enum([...AccountRole.options, 'panel']);
export type Role = z.infer<typeof Role>;

/** Who is no account, in the words of the audit. */
export const reservedNames: readonly string[] = ['local', 'system', 'unknown'];
/** What a person types to sign in; also the name in the audit, therefore never given twice and never changed. */
export const AccountName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,62}[a-z0-9]$/, 'two to 64 of a-z, 0-9, ".", "_", "@" and "-"')
  .refine((name) => !reservedNames.includes(name), { error: 'the audit itself uses that name' });
/** Long ones are hashed too: a limit, so that nobody makes us hash megabytes. */
const Password = z.string().min(1).max(256);
const DisplayName = z.string().trim().min(1).max(100);
const Roles = z.array(AccountRole).min(1).max(AccountRole.options.length);
/** Rooms an account is limited to; null: every room. */
const Stations = z.array(Token).min(1).max(500).nullable();

/** A room that was opened without a standing right. */
export const OpenedRoom = z.object({ grantId: Ulid, stationId: Token, reason: z.string(), until: Instant });
export type OpenedRoom = z.infer<typeof OpenedRoom>;

/** Who asks. */
export const CallerView = z.object({
  /** `local`: nobody has an account yet, and this is the machine itself. */
  kind: z.enum(['local', 'person', 'panel', 'token']),
  /** As the audit names it. */
  actor: z.string(),
  displayName: z.string(),
  roles: z.array(Role),
  permissions: z.array(Permission),
  stations: z.array(Token).nullable(),
  opened: z.array(OpenedRoom),
  /** Nothing else is allowed before. */
  passwordChangeNeeded: z.boolean(),
  /** Of the own account; absent where it has none here (hospital sign-in). */
  hasPassword: z.boolean(),
  /** The session ends then at the latest; sooner without any input. */
  endsAt: Instant.optional(),
  idleMinutes: z.int().optional(),
});
export type CallerView = z.infer<typeof CallerView>;

/** GET /session: public, the first thing that the web app asks. */
export const SessionView = z.object({
  /** `open`: no accounts yet, on the machine itself; `set-up`: the first account is made with the code of the log. */
  access: z.enum(['open', 'set-up', 'accounts']),
  caller: CallerView.optional(),
  signIn: z.object({
    password: z.boolean(),
    /** The hospital's own sign-in (OpenID Connect), and where it begins. */
    provider: z.object({ name: z.string(), startUrl: z.string() }).optional(),
  }),
});
export type SessionView = z.infer<typeof SessionView>;

/** Body of POST /session */
export const SignIn = z.object({ name: z.string().max(200), password: Password });
/** Answer of DELETE /session: where the provider ends its own session, if there is one. */
export const SignedOut = z.object({ providerUrl: z.string().optional() });
/** Body of POST /session/password */
export const ChangePassword = z.object({ current: Password, next: Password });
/** Body of POST /set-up: the first account, an admin. `code`: from the log, where the service asks for one. */
export const SetUp = z.object({
  code: z.string().max(100).optional(),
  name: AccountName,
  displayName: DisplayName,
  password: Password,
});

/** One line of GET /sessions: where somebody is signed in. */
export const OpenSession = z.object({
  sessionId: Ulid,
  current: z.boolean(),
  address: z.string(),
  device: z.string(),
  since: Instant,
  lastSeenAt: Instant,
  endsAt: Instant,
});

export const AccountView = z.object({
  accountId: Ulid,
  name: z.string(),
  displayName: z.string(),
  /** `provider`: signs in at the hospital; its roles follow the provider's claims. */
  origin: z.enum(['local', 'provider']),
  roles: z.array(AccountRole),
  stations: z.array(Token).nullable(),
  disabled: z.boolean(),
  /** A one-time password was given out and not used yet. */
  passwordChangeNeeded: z.boolean(),
  createdAt: Instant,
  lastSignInAt: Instant.optional(),
  openSessions: z.int(),
});
export type AccountView = z.infer<typeof AccountView>;

/** Body of POST /accounts */
export const CreateAccount = z.object({
  name: AccountName,
  displayName: DisplayName,
  roles: Roles,
  stations: Stations.default(null),
});
/** Body of PATCH /accounts/{accountId} */
export const PatchAccount = z
  .object({
    displayName: DisplayName.optional(),
    roles: Roles.optional(),
    stations: Stations.optional(),
    disabled: z.boolean().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: 'displayName, roles, stations or disabled is needed',
  });
/** The password of one sign-in: shown once, to be changed there. */
export const OneTimePassword = z.object({ account: AccountView, oneTimePassword: z.string(), expiresAt: Instant });

export const ApiTokenView = z.object({
  tokenId: Ulid,
  name: Token,
  roles: z.array(AccountRole),
  stations: z.array(Token).nullable(),
  createdAt: Instant,
  createdBy: z.string(),
  expiresAt: Instant.optional(),
  lastUsedAt: Instant.optional(),
  revokedAt: Instant.optional(),
});
export type ApiTokenView = z.infer<typeof ApiTokenView>;
/** Body of POST /tokens */
export const CreateToken = z.object({
  name: Token,
  roles: Roles,
  stations: Stations.default(null),
  /** Absent: until it is revoked. */
  expiresAt: Instant.optional(),
});
/** The token itself: shown once, only its hash is kept. */
export const CreatedToken = z.object({ token: z.string(), view: ApiTokenView });

export const PanelView = z.object({
  panelId: Ulid,
  stationId: Token,
  name: z.string(),
  address: z.string(),
  device: z.string(),
  pairedAt: Instant,
  pairedBy: z.string(),
  lastSeenAt: Instant.optional(),
  revokedAt: Instant.optional(),
});
export type PanelView = z.infer<typeof PanelView>;
/** Body of POST /panels/requests: a panel asks to be let in; it shows the code of the answer. */
export const RequestPanel = z.object({ stationId: Token.optional() });
export const PanelCode = z.object({ code: z.string(), expiresAt: Instant });
/** GET /panels/requests/{code}: what a desk is shown before it confirms. */
export const PanelRequestView = z.object({
  stationId: Token.optional(),
  address: z.string(),
  device: z.string(),
  askedAt: Instant,
});
/** Body of POST /panels: confirms the code that a panel shows. */
export const ConfirmPanel = z.object({ code: z.string().max(20), stationId: Token, name: DisplayName });

/** Body of POST /break-glass */
export const BreakGlass = z.object({
  stationId: Token,
  reason: z.string().trim().min(10, 'at least 10 characters that say why').max(1000),
  /** That the person was told: audited, and the administrators are alarmed. */
  confirmed: z.literal(true),
});
/** One line of GET /break-glass: rooms that can be opened so, by name only. */
export const ClosedRoom = z.object({ stationId: Token, name: z.string() });
