import type { ConversationRight, StationConfig } from '@smartbox/contracts';
import { SmartBoxError, type Clock } from '@smartbox/kernel';
import type { Changed } from './clips.ts';
import type { ProcedureStore, StationDirectory } from './ports.ts';
import { unknownStation } from './procedures.ts';

/**
 * Talking into a room and pointing at its pictures: off unless the station's configuration allows it, and then only
 * while the room has switched it on. It ends with the procedure.
 */
export class Conversations {
  readonly #store: ProcedureStore;
  readonly #stations: StationDirectory;
  readonly #changed: Pick<Changed, 'procedure'>;
  readonly #clock: Clock;

  constructor(store: ProcedureStore, stations: StationDirectory, changed: Pick<Changed, 'procedure'>, clock: Clock) {
    this.#store = store;
    this.#stations = stations;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** @throws SmartBoxError `station-unknown`, `conversation-not-allowed`, `no-procedure`. */
  async switch(stationId: string, open: boolean, actor: string): Promise<void> {
    this.#allowed(stationId);
    const action = open ? 'conversation.open' : 'conversation.close';
    const procedureId = await this.#store.converse(stationId, open, this.#clock.now(), {
      actor,
      action,
      detail: { stationId },
    });
    if (procedureId === undefined) throw noProcedure(stationId);
    this.#changed.procedure(procedureId);
  }

  /**
   * What the station's configuration lets people do there; whether somebody may talk at all, their role has said.
   * @throws SmartBoxError `station-unknown`, `conversation-not-allowed`, `no-procedure`, `conversation-closed`.
   */
  async rights(stationId: string): Promise<readonly ConversationRight[]> {
    const { rights } = this.#allowed(stationId);
    const procedure = await this.#store.active(stationId);
    if (!procedure) throw noProcedure(stationId);
    if (!procedure.conversationAt) {
      const message = `the room ${stationId} has not switched the conversation on`;
      throw new SmartBoxError({ code: 'conversation-closed', message, fault: 'theirs', retryable: true });
    }
    return rights;
  }

  #allowed(stationId: string): NonNullable<StationConfig['conversation']> {
    const station = this.#stations.find(stationId);
    if (!station) throw unknownStation(stationId, this.#stations);
    if (station.conversation) return station.conversation;
    throw new SmartBoxError({
      code: 'conversation-not-allowed',
      message: `the configuration of station ${stationId} allows no conversation: conversation: {} in its file would`,
      fault: 'input',
    });
  }
}

const noProcedure = (stationId: string) =>
  new SmartBoxError({ code: 'no-procedure', message: `no procedure runs at ${stationId}`, fault: 'input' });
