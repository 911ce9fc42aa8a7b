import { AsyncLocalStorage } from 'node:async_hooks';
import { SmartBoxError } from '@smartbox/kernel';
import { patientReachOf, reachOf, within, type Caller, type Reach } from '../../domain/access/caller.ts';
import type { Permission } from '@smartbox/contracts';

/** The request that is being answered. */
export interface Asking {
  /** Absent: nobody is signed in; only public operations go on. */
  caller: Caller | undefined;
  /** Network address. */
  address: string;
  /** What the browser calls itself, shortened. */
  device: string;
}

const storage = new AsyncLocalStorage<Asking>();

/** Everything that `work` does, it does for this request. */
export const answering = <T>(asking: Asking, work: () => T): T => storage.run(asking, work);

/** Undefined outside of requests: what the service does by itself. */
export const currentAsking = (): Asking | undefined => storage.getStore();

/** Who asks. @throws SmartBoxError `sign-in-needed` */
export function currentCaller(): Caller {
  const caller = storage.getStore()?.caller;
  if (caller) return caller;
  throw signInNeeded();
}

/** Rooms that the one who asks reaches. */
export const currentReach = (): Reach => reachOf(currentCaller());
/** Rooms whose patients the one who asks may know. */
export const currentPatientReach = (): Reach => patientReachOf(currentCaller());

export const signInNeeded = () =>
  new SmartBoxError({ code: 'sign-in-needed', message: 'nobody is signed in: sign in first', fault: 'input' });

export const permissionMissing = (permission: Permission) =>
  new SmartBoxError({
    code: 'permission-missing',
    message: `this needs the permission ${permission}`,
    fault: 'input',
    details: { permission },
  });

/** @throws SmartBoxError `permission-missing`: for what an operation needs only with some inputs. */
export function demand(permission: Permission): void {
  if (!currentCaller().permissions.has(permission)) throw permissionMissing(permission);
}

/** Does the one who asks reach this room? */
export const reaches = (stationId: string): boolean => within(currentReach(), stationId);
