import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Station } from '../application/station.ts';
import { NatsBroker } from '../outbound/nats-broker.ts';

/** Starts the cameras with the application, and ends them before it: the last fragments are still published. */
@Injectable()
export class StationLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly station: Station;
  private readonly broker: NatsBroker;

  constructor(@Inject(Station) station: Station, @Inject(NatsBroker) broker: NatsBroker) {
    this.station = station;
    this.broker = broker;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.broker.onIdr((request) => this.station.idr(request));
    await this.station.start();
    this.broker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.station.stop();
    await this.broker.close();
  }
}
