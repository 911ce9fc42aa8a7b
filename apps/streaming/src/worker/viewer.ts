import { randomInt } from 'node:crypto';
import type { LiveAccessUnit } from '@smartbox/contracts';
import {
  H264RtpPacketizer,
  PeerConnection,
  RtcpNackResponder,
  RtcpSrReporter,
  RtpPacketizationConfig,
  Video,
  type Track,
} from 'node-datachannel';
import type { Offer } from '../domain/offer.ts';
import { readRtcp } from '../domain/rtcp.ts';

export interface ViewerEvents {
  playing(): void;
  gone(reason: string): void;
  /** The viewer cannot go on without a keyframe. */
  keyframeWanted(): void;
}

const CLOCK_RATE = 90_000;
/** Packets kept for NACK: about a second of 8 Mbit/s. */
const NACK_PACKETS = 1024;
/** One lossy viewer must not turn the stream into keyframes for all. */
const KEYFRAME_INTERVAL_MS = 1000;

/** One WebRTC viewer of one source. Every native call that can throw is guarded: a viewer fails alone. */
export class Viewer {
  readonly #peer: PeerConnection;
  readonly #track: Track;
  readonly #rtp: RtpPacketizationConfig;
  readonly #events: ViewerEvents;
  readonly #started = performance.now();
  readonly #answer = Promise.withResolvers<string>();
  #lastRtcp = 0;
  #lastWish = -Infinity;
  #open = false;
  #playing = false;
  #waitsForKeyframe = true;
  #gone = false;

  constructor(
    id: string,
    offer: Offer,
    sdp: string,
    network: { udpPort: number; bindAddress: string | undefined },
    events: ViewerEvents,
  ) {
    this.#events = events;
    this.#peer = new PeerConnection(id, {
      iceServers: [],
      enableIceUdpMux: true,
      portRangeBegin: network.udpPort,
      portRangeEnd: network.udpPort,
      ...(network.bindAddress === undefined ? {} : { bindAddress: network.bindAddress }),
      // With automatic negotiation some joins fail on a second, empty negotiation.
      disableAutoNegotiation: true,
    });
    this.#peer.onStateChange((state) => {
      if (state === 'failed' || state === 'closed') this.close(`connection ${state}`);
    });
    this.#peer.onGatheringStateChange((state) => {
      const description = state === 'complete' ? this.#peer.localDescription() : null;
      if (description) this.#answer.resolve(description.sdp);
    });

    const ssrc = randomInt(1, 0xffffffff);
    const video = new Video(offer.videoMid, 'SendOnly');
    video.addH264Codec(offer.payloadType, offer.fmtp);
    video.addSSRC(ssrc, 'smartbox', 'live', 'video');
    this.#rtp = new RtpPacketizationConfig(ssrc, 'smartbox', offer.payloadType, CLOCK_RATE);
    if (offer.playoutDelayId !== undefined) {
      // As little delay as the viewer's network allows.
      video.parseSdpLine(`a=extmap:${offer.playoutDelayId} http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`);
      this.#rtp.playoutDelayId = offer.playoutDelayId;
      this.#rtp.playoutDelayMin = 0;
      this.#rtp.playoutDelayMax = 0;
    }
    this.#track = this.#peer.addTrack(video);
    const packetizer = new H264RtpPacketizer('StartSequence', this.#rtp);
    packetizer.addToChain(new RtcpSrReporter(this.#rtp));
    packetizer.addToChain(new RtcpNackResponder(NACK_PACKETS));
    this.#track.setMediaHandler(packetizer);
    this.#track.onOpen(() => {
      this.#open = true;
      this.#lastRtcp = performance.now();
      this.#wishKeyframe();
    });
    this.#track.onClosed(() => this.close('the viewer closed the track'));
    this.#track.onMessage((message) => this.#onRtcp(message));
    this.#peer.setRemoteDescription(sdp, 'offer');
    this.#peer.setLocalDescription('answer');
  }

  /** The answer with all candidates. */
  get answer(): Promise<string> {
    return this.#answer.promise;
  }

  addCandidate(candidate: string, mid: string): void {
    try {
      this.#peer.addRemoteCandidate(candidate, mid);
    } catch {
      // A candidate that cannot be parsed is as good as one that does not connect.
    }
  }

  /** Units were lost before this one: nothing is sent until the next keyframe, a smeared picture would mislead. */
  interrupted(): void {
    this.#waitsForKeyframe = true;
  }

  send(unit: LiveAccessUnit): void {
    if (!this.#open || this.#gone) return;
    if (this.#waitsForKeyframe) {
      if (!unit.keyframe) {
        this.#wishKeyframe();
        return;
      }
      this.#waitsForKeyframe = false;
    }
    try {
      this.#rtp.timestamp = Number(BigInt.asUintN(32, unit.pts));
      this.#track.sendMessageBinary(asBuffer(unit.annexB));
    } catch (error) {
      this.close(`sending failed: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (!this.#playing) {
      this.#playing = true;
      this.#events.playing();
    }
  }

  /** Ends a viewer that never connected or has fallen silent (a killed browser sends nothing any more). */
  reap(now: number, limits: { silenceMs: number; connectMs: number }): void {
    if (!this.#open && now - this.#started > limits.connectMs) this.close('no connection in time');
    else if (this.#open && now - this.#lastRtcp > limits.silenceMs) this.close('the viewer fell silent');
  }

  close(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#answer.reject(new Error(reason));
    this.#answer.promise.catch(() => undefined);
    try {
      this.#peer.close();
    } catch {
      // Already closed by the other side.
    }
    this.#events.gone(reason);
  }

  #onRtcp(message: Buffer): void {
    this.#lastRtcp = performance.now();
    const report = readRtcp(message);
    if (report?.keyframeWanted) this.#wishKeyframe();
    if (report?.bye) this.close('the viewer said goodbye');
  }

  #wishKeyframe(): void {
    const now = performance.now();
    if (now - this.#lastWish < KEYFRAME_INTERVAL_MS) return;
    this.#lastWish = now;
    this.#events.keyframeWanted();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
