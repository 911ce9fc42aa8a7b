import { SmartBoxError } from '@smartbox/kernel';
import { counter } from '@smartbox/telemetry';
import type { Instances, LiveWay } from './ports.ts';

/** Where no room is left here, viewers go to another instance that has some. */
export class Overflow {
  readonly #instances: Instances;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  /**
   * What a join comes to. One that was sent here by another instance is not sent on: figures of a second ago must not
   * send a viewer round in circles.
   * @throws SmartBoxError `room-elsewhere`, with the `origin` in its details; as the join.
   */
  async join<T>(way: LiveWay, sentHere: boolean, join: () => T | Promise<T>): Promise<T> {
    try {
      return await join();
    } catch (error) {
      const full = error instanceof SmartBoxError && error.code === 'overloaded';
      const origin = full && !sentHere ? this.#instances.withRoom(way) : undefined;
      if (origin === undefined) throw error;
      counter('smartbox_live_sent_on_total', 'Joins sent to another instance').inc();
      throw new SmartBoxError({
        code: 'room-elsewhere',
        message: 'there is no room here: another instance has some',
        fault: 'theirs',
        retryable: true,
        details: { origin },
      });
    }
  }
}
