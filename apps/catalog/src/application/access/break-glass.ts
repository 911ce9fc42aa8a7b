import { inputError, newId, type Clock } from '@smartbox/kernel';
import { patientReachOf, reachOf, within, type Caller, type Opened } from '../../domain/access/caller.ts';
import type { Audit, StationDirectory } from '../ports.ts';
import { unknownStation } from '../procedures.ts';
import type { BreakGlassStore } from './ports.ts';

const OPEN_MS = 60 * 60_000;

/** In an emergency somebody opens a room without a standing right: said why, for an hour, alarmed. */
export class BreakGlass {
  readonly #store: BreakGlassStore;
  readonly #stations: StationDirectory;
  readonly #clock: Clock;

  constructor(store: BreakGlassStore, stations: StationDirectory, clock: Clock) {
    this.#store = store;
    this.#stations = stations;
    this.#clock = clock;
  }

  /** Rooms that are closed to the caller, or whose patients are: by name only. */
  closed(caller: Caller): { stationId: string; name: string }[] {
    return this.#stations
      .all()
      .filter(({ id }) => !this.#isOpen(caller, id))
      .map(({ id: stationId, name }) => ({ stationId, name }));
  }

  /** @throws SmartBoxError `station-unknown`, `no-account`, `nothing-to-open` */
  async open(caller: Caller, wanted: { stationId: string; reason: string }): Promise<Opened> {
    const { stationId, reason } = wanted;
    const { accountId, actor } = caller;
    if (accountId === undefined) throw inputError('no-account', 'only people open a room in an emergency, not devices');
    if (!this.#stations.find(stationId)) throw unknownStation(stationId, this.#stations);
    if (this.#isOpen(caller, stationId)) {
      throw inputError('nothing-to-open', `room ${stationId} and its patients are open to you already`);
    }
    const at = this.#clock.now();
    const grant = { grantId: newId(), stationId, reason, until: new Date(at.getTime() + OPEN_MS) };
    await this.#store.open({ ...grant, accountId, actor }, at);
    return grant;
  }

  /** @throws SmartBoxError `grant-not-found` */
  async close(caller: Caller, grantId: string): Promise<void> {
    const { accountId = '', actor } = caller;
    const audit: Audit = { actor, action: 'access.break-glass-end', detail: { grantId } };
    if (await this.#store.close(grantId, accountId, audit, this.#clock.now())) return;
    throw inputError('grant-not-found', `you have no room open by ${JSON.stringify(grantId)}`);
  }

  #isOpen(caller: Caller, stationId: string): boolean {
    return within(reachOf(caller), stationId) && within(patientReachOf(caller), stationId);
  }
}
