import type { SetMarker } from '@smartbox/contracts';
import type { Events } from './ports.ts';

/** A mark at a moment: nothing is kept but the fact. */
export class SetMarkerUseCase {
  readonly #events: Events;

  constructor(events: Events) {
    this.#events = events;
  }

  run(marker: SetMarker): Promise<void> {
    return this.#events.publish('buffer.marker.set', marker, `marker-${marker.markerId}`);
  }
}
