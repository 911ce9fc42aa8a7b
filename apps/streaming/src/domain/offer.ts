import { inputError } from '@smartbox/kernel';
import { attribute, directionOf, linesOf, mediaSections } from './sdp.ts';

export const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
/** Every browser decodes it; used when a description names no profile (RFC 6184 section 8.1). */
const BASELINE = '42001f';

export interface IceCredentials {
  ufrag: string;
  pwd: string;
}

/** One video that a viewer can receive. */
export interface OfferedVideo {
  mid: string;
  formats: readonly Format[];
  /** Of the playout-delay header extension, where offered. */
  playoutDelayId: number | undefined;
}

/** H.264 as RTP carries it (RFC 6184), as the description names it. */
export interface Format {
  payloadType: number;
  /** The answer repeats it (RFC 6184 section 8.2.2, with level asymmetry). */
  fmtp: string;
}

/** What is needed of a viewer's offer, or of its answer to ours. */
export interface Description {
  ice: IceCredentials;
  videos: readonly OfferedVideo[];
}

/**
 * Reads what a player offers, or answers.
 * @throws SmartBoxError `invalid-offer`; an offer without any video is none of the errors.
 */
export function readDescription(sdp: string): Description {
  const lines = linesOf(sdp);
  const ice = iceOf(sdp);
  // A port of zero: refused or not offered (RFC 3264 section 6), unless it is bundle-only (RFC 9143 section 7.2.1).
  const offered = mediaSections(lines).filter(
    (media) =>
      /^m=video /.test(media[0] ?? '') && (!/^m=video 0 /.test(media[0] ?? '') || media.includes('a=bundle-only')),
  );
  return { ice, videos: offered.map(readVideo) };
}

/** Of any session description. @throws SmartBoxError `invalid-offer`. */
export function iceOf(sdp: string): IceCredentials {
  const lines = linesOf(sdp);
  if (lines[0] !== 'v=0')
    throw inputError('invalid-offer', 'the body is no session description (RFC 8866): v=0 is missing');
  const [ufrag, pwd] = [attribute(lines, 'ice-ufrag'), attribute(lines, 'ice-pwd')];
  if (!ufrag || !pwd || !attribute(lines, 'fingerprint')) {
    throw inputError('invalid-offer', 'ice-ufrag, ice-pwd and fingerprint are needed (RFC 8839, RFC 8122)');
  }
  return { ufrag, pwd };
}

function readVideo(section: readonly string[]): OfferedVideo {
  const direction = directionOf(section);
  if (direction === 'sendonly' || direction === 'inactive') {
    throw inputError('invalid-offer', `the offered video is ${direction}: a player receives (recvonly)`);
  }
  const mid = attribute(section, 'mid');
  if (!mid) throw inputError('invalid-offer', 'the video has no mid (RFC 8843)');
  return { mid, formats: h264Formats(section), playoutDelayId: extensionId(section, PLAYOUT_DELAY) };
}

/**
 * The format for a stream with this profile (`profile_idc` in hexadecimal, e.g. `64`): the same profile with
 * packetization-mode 1 where offered, else any H.264 with mode 1. Levels are not compared: what decodes decides.
 */
export function chooseFormat({ formats }: OfferedVideo, profile: string): Format | undefined {
  const usable = formats.filter(({ fmtp }) => parameter(fmtp, 'packetization-mode') === '1');
  const profileOf = ({ fmtp }: Format) => (parameter(fmtp, 'profile-level-id') ?? BASELINE).slice(0, 2).toLowerCase();
  return usable.find((format) => profileOf(format) === profile.toLowerCase()) ?? usable[0];
}

/** What we offer by ourselves: the stream's own profile, and the one that every browser decodes. */
export function formatsFor(profileLevelId: string): Format[] {
  const fmtp = (id: string) => `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${id}`;
  return [
    { payloadType: 102, fmtp: fmtp(profileLevelId) },
    { payloadType: 104, fmtp: fmtp('42e01f') },
  ];
}

function parameter(fmtp: string, name: string): string | undefined {
  return fmtp
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** In the order of preference: that of the `m=` line (RFC 3264 section 6.1). */
function h264Formats(section: readonly string[]): Format[] {
  const types = (section[0] ?? '').split(' ').slice(3);
  return types.flatMap((type) => {
    if (!section.some((line) => line.toLowerCase() === `a=rtpmap:${type} h264/90000`)) return [];
    return [{ payloadType: Number(type), fmtp: fmtpOf(section, type) }];
  });
}

const fmtpOf = (section: readonly string[], type: string): string =>
  section.find((line) => line.startsWith(`a=fmtp:${type} `))?.slice(8 + type.length) ?? '';

function extensionId(section: readonly string[], uri: string): number | undefined {
  for (const line of section) {
    const [, id, name] = /^a=extmap:(\d{1,3})(?:\/\w+)? (\S+)/.exec(line) ?? [];
    if (name === uri) return Number(id);
  }
  return undefined;
}
