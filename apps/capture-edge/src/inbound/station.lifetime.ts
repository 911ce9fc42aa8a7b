import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Station } from '../application/station.ts';
import { NatsBroker } from '../outbound/nats-broker.ts';
import { ProcessLauncher } from '../outbound/worker-process.ts';

/** Starts the cameras with the application, and ends them before it: the last fragments are still published. */
@Injectable()
export class StationLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly station: Station;
  private readonly broker: NatsBroker;
  private readonly launcher: ProcessLauncher;

  constructor(
    @Inject(Station) station: Station,
    @Inject(NatsBroker) broker: NatsBroker,
    @Inject(ProcessLauncher) launcher: ProcessLauncher,
  ) {
    this.station = station;
    this.broker = broker;
    this.launcher = launcher;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.broker.answer('capture-edge.idr', (request) => this.station.idr(request));
    this.broker.answer('capture-edge.whip', (request) => this.station.whip(request));
    this.broker.answer('capture-edge.list-devices', () => this.launcher.listDevices());
    this.broker.answer('capture-edge.take-device-picture', (request) => this.launcher.takeDevicePicture(request));
    await this.station.start();
    this.broker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.station.stop();
    await this.broker.close();
  }
}
