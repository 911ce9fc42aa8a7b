import { Permission, type Role } from '@smartbox/contracts';
import { permissionsOfAll } from './roles.ts';

/** A room that was opened without a standing right, for a while. */
export interface Opened {
  grantId: string;
  stationId: string;
  reason: string;
  until: Date;
}

/** The rooms that somebody reaches. */
export type Reach = 'everywhere' | ReadonlySet<string>;

/** Who asks, and what for. */
export interface Caller {
  kind: 'local' | 'person' | 'panel' | 'token';
  /** As the audit names it: an account's name, `panel:<room>/<end of its id>`, `token:<name>`, `local`. */
  actor: string;
  displayName: string;
  roles: readonly Role[];
  permissions: ReadonlySet<Permission>;
  /** Standing, without what was opened by breaking the glass. */
  stations: Reach;
  opened: readonly Opened[];
  accountId?: string;
  sessionId?: string;
  hasPassword: boolean;
  passwordChangeNeeded: boolean;
  /** Of a session: when it ends at the latest. */
  endsAt?: Date;
}

/** Whoever is on this machine while nobody has an account. */
export const local: Caller = {
  kind: 'local',
  actor: 'local',
  displayName: 'local',
  roles: ['admin'],
  permissions: new Set(Permission.options),
  stations: 'everywhere',
  opened: [],
  hasPassword: false,
  passwordChangeNeeded: false,
};

/** What roles allow; nothing while a one-time password has not been changed. */
export const permissionsFor = (roles: readonly Role[], passwordChangeNeeded: boolean): ReadonlySet<Permission> =>
  new Set(passwordChangeNeeded ? [] : permissionsOfAll(roles));

/** The rooms of a caller: its own, and those it has opened. */
export function reachOf({ stations, opened }: Pick<Caller, 'stations' | 'opened'>): Reach {
  return stations === 'everywhere' ? stations : new Set([...stations, ...opened.map(({ stationId }) => stationId)]);
}

export const within = (reach: Reach, stationId: string): boolean => reach === 'everywhere' || reach.has(stationId);

/** The rooms whose patients a caller may know: those it reaches, or only those it has opened. */
export function patientReachOf(caller: Pick<Caller, 'stations' | 'opened' | 'permissions'>): Reach {
  if (caller.permissions.has('patient.read')) return reachOf(caller);
  return new Set(caller.opened.map(({ stationId }) => stationId));
}
