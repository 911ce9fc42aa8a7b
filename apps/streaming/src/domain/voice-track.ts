import type { RtpPacket } from './rtp.ts';

/** Opus runs at 48 kHz whatever is in it (RFC 7587 section 4.1). */
const CLOCK_PER_MS = 48;
/** 20 ms, the usual packet. */
const PACKET = 20 * CLOCK_PER_MS;

/**
 * The numbers of a track in which one person speaks after another: sequence and time go on without a jump, losses within
 * an utterance stay visible to the receiver.
 */
export class VoiceTrack {
  #speaker: string | undefined;
  #sequenceBy = 0;
  #timestampBy = 0;
  #sequence = 0;
  #timestamp = 0;
  #at = 0;

  /** @param nowMs of a monotonic clock. */
  next(speaker: string, packet: RtpPacket, nowMs: number): RtpPacket {
    const began = speaker !== this.#speaker;
    if (began) {
      this.#speaker = speaker;
      const pause = Math.max(PACKET, Math.round((nowMs - this.#at) * CLOCK_PER_MS));
      this.#sequenceBy = this.#sequence + 1 - packet.sequence;
      this.#timestampBy = this.#timestamp + pause - packet.timestamp;
    }
    this.#at = nowMs;
    this.#sequence = (packet.sequence + this.#sequenceBy) & 0xffff;
    this.#timestamp = (packet.timestamp + this.#timestampBy) >>> 0;
    return {
      ...packet,
      marker: packet.marker || began,
      sequence: this.#sequence,
      timestamp: this.#timestamp,
    };
  }

  /** The utterance is over; the next one begins anew, also of the same person. */
  ended(): void {
    this.#speaker = undefined;
  }
}
