import type { RpcRequest } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { SenderSignals } from '../application/ports.ts';

/** Signalling of senders to the stations that take them. */
export class NatsSenders implements SenderSignals {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async send(
    stationId: string,
    sourceId: string,
    signal: Pick<RpcRequest<'capture-edge.whip'>, 'session' | 'action' | 'sdp'>,
  ): Promise<string | undefined> {
    const request = { stationId, sourceId, ...signal };
    const { sdp } = await this.#messaging.call('capture-edge.whip', request, { station: stationId });
    return sdp;
  }
}
