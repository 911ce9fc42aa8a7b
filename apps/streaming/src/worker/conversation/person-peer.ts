import { randomInt } from 'node:crypto';
import { CONVERSATION_CHANNEL, CONVERSATION_VOICES } from '@smartbox/contracts';
import { Audio, type DataChannel, type Track } from 'node-datachannel';
import { readRtp, writeRtp, type RtpPacket } from '../../domain/rtp.ts';
import { readVoiceOffer, type OfferedVoice } from '../../domain/voice-offer.ts';
import { VoiceTrack } from '../../domain/voice-track.ts';
import { muxedPeer, type MuxedPeer } from '../muxed-peer.ts';

export interface PersonEvents {
  open(): void;
  said(text: string): void;
  voice(rtp: Uint8Array): void;
  gone(reason: string): void;
}

/** A way for one other voice to be heard. */
interface Ear {
  track: Track;
  payloadType: number;
  ssrc: number;
  numbers: VoiceTrack;
}

/** More than a person says. */
const MAX_TEXT = 8_192;

/** One person in a conversation: a voice to send, others to hear, a channel for everything else. */
export class PersonPeer {
  readonly #peer: MuxedPeer['peer'];
  readonly #events: PersonEvents;
  readonly #ears: Ear[] = [];
  readonly #started = performance.now();
  readonly #gathered: MuxedPeer['gathered'];
  #channel: DataChannel | undefined;
  #gone = false;

  constructor(id: string, network: { udpPort: number; bindAddress: string | undefined }, events: PersonEvents) {
    this.#events = events;
    ({ peer: this.#peer, gathered: this.#gathered } = muxedPeer(id, network));
    this.#peer.onStateChange((state) => {
      if (state === 'failed' || state === 'closed' || state === 'disconnected') this.close(`connection ${state}`);
    });
    this.#peer.onDataChannel((channel) => this.#take(channel));
  }

  /** @throws SmartBoxError `invalid-offer`. */
  answer(sdp: string, maySpeak: boolean): Promise<string> {
    const { voices } = readVoiceOffer(sdp);
    for (const voice of voices.slice(0, CONVERSATION_VOICES)) this.#add(voice, maySpeak);
    this.#peer.setRemoteDescription(sdp, 'offer');
    this.#peer.setLocalDescription('answer');
    return this.#gathered.promise;
  }

  say(text: string): void {
    try {
      if (this.#channel?.isOpen() === true) this.#channel.sendMessage(text);
    } catch {
      // It closes: that is told by itself.
    }
  }

  /** Somebody else's voice, in the given one of the places for them. */
  hear(place: number, from: string, packet: RtpPacket): void {
    const ear = this.#ears[place];
    if (ear?.track.isOpen() !== true || this.#gone) return;
    const { payloadType, ssrc, numbers, track } = ear;
    try {
      track.sendMessageBinary(writeRtp({ ...numbers.next(from, packet, performance.now()), payloadType }, ssrc));
    } catch {
      // It closes: that is told by itself.
    }
  }

  ended(place: number): void {
    this.#ears[place]?.numbers.ended();
  }

  reap(now: number, connectMs: number): void {
    if (!this.#channel && now - this.#started > connectMs) this.close('no connection in time');
  }

  close(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#gathered.reject(new Error(reason));
    this.#gathered.promise.catch(() => undefined);
    try {
      this.#peer.close();
    } catch {
      // Already closed by the other side.
    }
    this.#events.gone(reason);
  }

  #add({ mid, payloadType, fmtp, sends, hears }: OfferedVoice, maySpeak: boolean): void {
    const speaks = sends && maySpeak;
    const ssrc = randomInt(1, 0xffffffff);
    const audio = new Audio(mid, speaks ? (hears ? 'SendRecv' : 'RecvOnly') : hears ? 'SendOnly' : 'Inactive');
    audio.addOpusCodec(payloadType, fmtp);
    if (hears) audio.addSSRC(ssrc, 'smartbox', `voice${this.#ears.length}`, `voice${this.#ears.length}`);
    const track = this.#peer.addTrack(audio);
    if (speaks) track.onMessage((message) => this.#spoken(message));
    if (hears) this.#ears.push({ track, payloadType, ssrc, numbers: new VoiceTrack() });
  }

  #spoken(message: Buffer): void {
    if (readRtp(message)) this.#events.voice(message);
  }

  #take(channel: DataChannel): void {
    if (channel.getLabel() !== CONVERSATION_CHANNEL || this.#channel) return channel.close();
    this.#channel = channel;
    channel.onMessage((message) => {
      if (typeof message === 'string' && message.length <= MAX_TEXT) this.#events.said(message);
    });
    channel.onClosed(() => this.close('left'));
    if (channel.isOpen()) this.#events.open();
    else channel.onOpen(() => this.#events.open());
  }
}
