import { Permission, type Role } from '@smartbox/contracts';

const everything = Permission.options;

/**
 * What each role may do: the one table. docs/security.md shows it, and a spec compares the two.
 *
 * `admin` has everything: who may give any role to anybody could take each of these anyway, and what is done stands in
 * the audit. `viewer` sees pictures without learning whose they are. A `panel` is a device that anybody in the room can
 * touch: what the work at its own station needs, and nothing of other rooms.
 */
export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  surgeon: [
    ...(['room.read', 'live.watch', 'live.talk', 'live.publish', 'procedure.run'] as const),
    ...(['clip.read', 'clip.save', 'clip.save-remote', 'clip.edit', 'clip.export', 'clip.hide', 'clip.hold'] as const),
    ...(['patient.read', 'patient.correct', 'delivery.read', 'delivery.retry'] as const),
    ...(['alarm.acknowledge', 'access.break-glass'] as const),
  ],
  nurse: [
    ...(['room.read', 'live.watch', 'live.talk', 'live.publish', 'procedure.run'] as const),
    ...(['clip.read', 'clip.save', 'clip.save-remote', 'clip.edit', 'clip.hide'] as const),
    ...(['patient.read', 'patient.correct', 'delivery.read', 'delivery.retry'] as const),
    ...(['alarm.acknowledge', 'access.break-glass'] as const),
  ],
  viewer: ['room.read', 'live.watch', 'clip.read', 'access.break-glass'],
  integrator: [
    ...(['room.read', 'live.watch', 'live.publish', 'procedure.run'] as const),
    ...(['clip.read', 'clip.save', 'clip.save-remote', 'clip.export', 'clip.import'] as const),
    ...(['patient.read', 'patient.correct', 'delivery.read', 'delivery.retry'] as const),
  ],
  auditor: ['audit.read', 'patient.read'],
  admin: everything,
  panel: [
    ...(['room.read', 'live.watch', 'live.talk', 'procedure.run'] as const),
    ...(['clip.read', 'clip.save', 'clip.edit', 'clip.hide'] as const),
    ...(['patient.read', 'patient.correct', 'delivery.retry'] as const),
  ],
};

/** All that some roles bring together, in the order of the table of permissions. */
export function permissionsOfAll(roles: readonly Role[]): Permission[] {
  const granted = new Set(roles.flatMap((role) => permissionsOf[role]));
  return everything.filter((permission) => granted.has(permission));
}
