import { PeerConnection } from 'node-datachannel';

export interface MuxedPeer {
  readonly peer: PeerConnection;
  /** Our description with all its candidates. */
  readonly gathered: PromiseWithResolvers<string>;
}

/** A connection on the one UDP port of this process, which many share; it offers and answers only when it is told to. */
export function muxedPeer(id: string, network: { udpPort: number; bindAddress: string | undefined }): MuxedPeer {
  const { udpPort, bindAddress } = network;
  const peer = new PeerConnection(id, {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: udpPort,
    portRangeEnd: udpPort,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    // With automatic negotiation some joins fail on a second, empty negotiation.
    disableAutoNegotiation: true,
  });
  const gathered = Promise.withResolvers<string>();
  peer.onGatheringStateChange((state) => {
    const description = state === 'complete' ? peer.localDescription() : null;
    if (description) gathered.resolve(description.sdp);
  });
  return { peer, gathered };
}
