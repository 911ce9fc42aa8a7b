import { inputError } from '@smartbox/kernel';
import { iceOf, type IceCredentials } from './offer.ts';
import { directionOf, attribute, linesOf, mediaSections } from './sdp.ts';

/** One voice of an offer: the first may be sent by the person, all may be heard. */
export interface OfferedVoice {
  mid: string;
  payloadType: number;
  fmtp: string;
  sends: boolean;
  hears: boolean;
}

/** What is needed of an offer to take part in a conversation. */
export interface VoiceOffer {
  ice: IceCredentials;
  voices: readonly OfferedVoice[];
}

/** @throws SmartBoxError `invalid-offer`: no description, without a data channel (RFC 8841), or without Opus (RFC 7587). */
export function readVoiceOffer(sdp: string): VoiceOffer {
  const ice = iceOf(sdp);
  const sections = mediaSections(linesOf(sdp));
  if (!sections.some(([first = '']) => /^m=application \d+ UDP\/DTLS\/SCTP webrtc-datachannel/.test(first))) {
    throw inputError('invalid-offer', 'a data channel is needed (RFC 8841): m=application is missing');
  }
  const voices = sections.flatMap((section) => readVoice(section) ?? []);
  if (voices.length === 0) throw inputError('invalid-offer', 'the offer has no Opus to hear (RFC 7587)');
  return { ice, voices };
}

function readVoice(section: readonly string[]): OfferedVoice | undefined {
  const [first = ''] = section;
  const mid = attribute(section, 'mid');
  const payloadType = section.map((line) => /^a=rtpmap:(\d{1,3}) opus\/48000\/2$/i.exec(line)?.[1]).find(Boolean);
  if (!first.startsWith('m=audio ') || mid === undefined || payloadType === undefined) return undefined;
  const direction = directionOf(section) ?? 'sendrecv';
  const fmtp = section.find((line) => line.startsWith(`a=fmtp:${payloadType} `))?.slice(8 + payloadType.length) ?? '';
  return {
    mid,
    payloadType: Number(payloadType),
    fmtp,
    sends: direction === 'sendrecv' || direction === 'sendonly',
    hears: direction === 'sendrecv' || direction === 'recvonly',
  };
}
