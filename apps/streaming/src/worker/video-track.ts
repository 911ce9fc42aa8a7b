import { randomInt } from 'node:crypto';
import type { LiveAccessUnit } from '@smartbox/contracts';
import {
  H264RtpPacketizer,
  RtcpNackResponder,
  RtcpSrReporter,
  RtpPacketizationConfig,
  Video,
  type PeerConnection,
  type Track,
} from 'node-datachannel';
import { PLAYOUT_DELAY, type Format } from '../domain/offer.ts';
import { readRtcp } from '../domain/rtcp.ts';

export interface TrackEvents {
  /** The first picture has left. */
  playing(): void;
  /** The viewer cannot go on without a keyframe. */
  keyframeWanted(): void;
  /** RTCP has come. */
  heard(): void;
  gone(reason: string): void;
}

export interface TrackPlan {
  mid: string;
  /** The one that is sent, or those that we offer. */
  formats: readonly Format[];
  playoutDelayId: number | undefined;
}

const CLOCK_RATE = 90_000;
/** Packets kept for NACK: about a second of 8 Mbit/s. */
const NACK_PACKETS = 1024;
/** One lossy viewer must not turn the stream into keyframes for all. */
const KEYFRAME_INTERVAL_MS = 1000;

/** One source on its way to one viewer. */
export class VideoTrack {
  readonly mid: string;
  readonly #track: Track;
  readonly #ssrc = randomInt(1, 0xffffffff);
  readonly #events: TrackEvents;
  #rtp: RtpPacketizationConfig | undefined;
  #lastWish = -Infinity;
  #open = false;
  #playing = false;
  #waitsForKeyframe = true;

  constructor(peer: PeerConnection, name: string, plan: TrackPlan, events: TrackEvents) {
    this.mid = plan.mid;
    this.#events = events;
    const video = new Video(plan.mid, 'SendOnly');
    for (const { payloadType, fmtp } of plan.formats) video.addH264Codec(payloadType, fmtp);
    video.addSSRC(this.#ssrc, 'smartbox', 'live', name);
    if (plan.playoutDelayId !== undefined) video.parseSdpLine(`a=extmap:${plan.playoutDelayId} ${PLAYOUT_DELAY}`);
    this.#track = peer.addTrack(video);
    this.#track.onOpen(() => {
      this.#open = true;
      events.heard();
      this.#wishKeyframe();
    });
    this.#track.onClosed(() => events.gone('the viewer closed the track'));
    this.#track.onMessage((message) => this.#onRtcp(message));
  }

  /** What was agreed on: pictures can be sent from now on. */
  agree({ payloadType }: Format, playoutDelayId: number | undefined): void {
    const rtp = new RtpPacketizationConfig(this.#ssrc, 'smartbox', payloadType, CLOCK_RATE);
    if (playoutDelayId !== undefined) {
      // As little delay as the viewer's network allows.
      rtp.playoutDelayId = playoutDelayId;
      rtp.playoutDelayMin = 0;
      rtp.playoutDelayMax = 0;
    }
    const packetizer = new H264RtpPacketizer('StartSequence', rtp);
    packetizer.addToChain(new RtcpSrReporter(rtp));
    packetizer.addToChain(new RtcpNackResponder(NACK_PACKETS));
    this.#track.setMediaHandler(packetizer);
    this.#rtp = rtp;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Units were lost before this one: nothing is sent until the next keyframe, a smeared picture would mislead. */
  interrupted(): void {
    this.#waitsForKeyframe = true;
  }

  send(unit: LiveAccessUnit): void {
    if (!this.#open || !this.#rtp) return;
    if (this.#waitsForKeyframe) {
      if (!unit.keyframe) return this.#wishKeyframe();
      this.#waitsForKeyframe = false;
    }
    try {
      this.#rtp.timestamp = Number(BigInt.asUintN(32, unit.pts));
      this.#track.sendMessageBinary(asBuffer(unit.annexB));
    } catch (error) {
      return this.#events.gone(`sending failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (this.#playing) return;
    this.#playing = true;
    this.#events.playing();
  }

  #onRtcp(message: Buffer): void {
    this.#events.heard();
    const report = readRtcp(message);
    if (report?.keyframeWanted) this.#wishKeyframe();
    if (report?.bye) this.#events.gone('the viewer said goodbye');
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
