import type { FeedMessage, Permission } from '@smartbox/contracts';
import { isForAdmins } from '../alarm.ts';
import { patientReachOf, reachOf, within, type Caller } from './caller.ts';
import { withoutPatients } from './patient-fields.ts';

/** What somebody has to be allowed to be told; absent: everybody who is connected. */
const needs: Readonly<Partial<Record<FeedMessage['kind'], Permission>>> = {
  clip: 'clip.read',
  'clip-removed': 'clip.read',
  edit: 'clip.read',
  export: 'clip.read',
  marker: 'clip.read',
};

/** The message as this caller may have it; undefined: it is none of their business. */
export function messageFor(
  caller: Pick<Caller, 'permissions' | 'stations' | 'opened'>,
  { stationId, message }: { stationId?: string; message: FeedMessage },
): FeedMessage | undefined {
  const permission = needs[message.kind];
  if (permission !== undefined && !caller.permissions.has(permission)) return undefined;
  const reach = reachOf(caller);
  if (stationId !== undefined && !within(reach, stationId)) return undefined;
  if (message.kind === 'alarm') {
    if (stationId === undefined && reach !== 'everywhere') return undefined;
    if (isForAdmins(message.code) && !caller.permissions.has('admin.accounts')) return undefined;
  }
  return withoutPatients(message, patientReachOf(caller));
}
