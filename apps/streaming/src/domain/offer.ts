import { inputError } from '@smartbox/kernel';

const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';
/** Every browser decodes it; used when an offer names no profile (RFC 6184 section 8.1). */
const BASELINE = '42001f';

/** What is needed of a viewer's offer to answer it with H.264 from us. */
export interface Offer {
  videoMid: string;
  payloadType: number;
  /** As in the offer: the answer repeats it (RFC 6184 section 8.2.2, with level asymmetry). */
  fmtp: string;
  /** Of the playout-delay header extension, where offered. */
  playoutDelayId: number | undefined;
  iceUfrag: string;
}

interface Format {
  payloadType: number;
  fmtp: Map<string, string>;
  text: string;
}

/**
 * Chooses the payload type for a stream with this profile (`profile_idc` in hexadecimal, e.g. `64`): the same profile
 * with packetization-mode 1 where offered, else any H.264 with mode 1. Levels are not compared: what decodes decides.
 * @throws SmartBoxError `invalid-offer`, `no-common-codec`.
 */
export function readOffer(sdp: string, profile: string): Offer {
  const lines = sdp.split(/\r?\n/);
  if (lines[0] !== 'v=0')
    throw inputError('invalid-offer', 'the body is no session description (RFC 8866): v=0 is missing');
  const iceUfrag = attribute(lines, 'ice-ufrag');
  if (!iceUfrag || !attribute(lines, 'ice-pwd') || !attribute(lines, 'fingerprint')) {
    throw inputError('invalid-offer', 'ice-ufrag, ice-pwd and fingerprint are needed (RFC 8839, RFC 8122)');
  }
  const section = mediaSections(lines).find((media) => /^m=video [1-9]/.test(media[0] ?? ''));
  if (!section) throw inputError('no-common-codec', 'the offer has no video: only H.264 video is sent');
  const direction = section.find((line) => /^a=(recvonly|sendrecv|sendonly|inactive)$/.test(line))?.slice(2);
  if (direction === 'sendonly' || direction === 'inactive') {
    throw inputError('invalid-offer', `the offered video is ${direction}: a player receives (recvonly)`);
  }
  const videoMid = attribute(section, 'mid');
  if (!videoMid) throw inputError('invalid-offer', 'the video has no mid (RFC 8843)');
  const format = chooseFormat(h264Formats(section), profile);
  if (!format) throw inputError('no-common-codec', 'the offer has no H.264 with packetization-mode 1');
  return {
    videoMid,
    payloadType: format.payloadType,
    fmtp: format.text,
    playoutDelayId: extensionId(section, PLAYOUT_DELAY),
    iceUfrag,
  };
}

function chooseFormat(formats: Format[], profile: string): Format | undefined {
  const usable = formats.filter(({ fmtp }) => fmtp.get('packetization-mode') === '1');
  const profileOf = (format: Format) => (format.fmtp.get('profile-level-id') ?? BASELINE).slice(0, 2).toLowerCase();
  return usable.find((format) => profileOf(format) === profile.toLowerCase()) ?? usable[0];
}

function h264Formats(section: string[]): Format[] {
  return section.flatMap((line) => {
    const payloadType = /^a=rtpmap:(\d{1,3}) H264\/90000$/i.exec(line)?.[1];
    if (!payloadType) return [];
    const text =
      section.find((other) => other.startsWith(`a=fmtp:${payloadType} `))?.slice(8 + payloadType.length) ?? '';
    const pairs = text.split(';').map((pair) => pair.trim().split('=') as [string, string]);
    return [{ payloadType: Number(payloadType), fmtp: new Map(pairs), text }];
  });
}

function extensionId(section: string[], uri: string): number | undefined {
  for (const line of section) {
    const [, id, name] = /^a=extmap:(\d{1,3})(?:\/\w+)? (\S+)/.exec(line) ?? [];
    if (name === uri) return Number(id);
  }
  return undefined;
}

function mediaSections(lines: string[]): string[][] {
  const sections: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

function attribute(lines: string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
}

/** A trickled fragment (RFC 8840): candidates, and the ufrag by which an ICE restart is told from a trickle. */
export interface IceFragment {
  iceUfrag: string | undefined;
  candidates: { mid: string; candidate: string }[];
}

/** @throws SmartBoxError `invalid-fragment` on anything that is no SDP fragment, or on more than 50 candidates. */
export function readFragment(text: string): IceFragment {
  const lines = text.split(/\r?\n/).filter(Boolean);
  if (lines.length === 0 || lines.some((line) => !/^[a-z]=/.test(line))) {
    throw inputError('invalid-fragment', 'the body is no SDP fragment (RFC 8840)');
  }
  let mid = '0';
  const candidates: IceFragment['candidates'] = [];
  for (const line of lines) {
    if (line.startsWith('a=mid:')) mid = line.slice(6);
    if (line.startsWith('a=candidate:')) candidates.push({ mid, candidate: line.slice(2) });
  }
  if (candidates.length > 50) throw inputError('invalid-fragment', `${candidates.length} candidates: at most 50`);
  return { iceUfrag: attribute(lines, 'ice-ufrag'), candidates };
}

/**
 * The answer with every medium that has no source of ours (audio, a second video) as `inactive` (RFC 3264 section
 * 6.1): the stack says `sendonly` of whatever is offered.
 */
export function onlyWhatIsSent(answer: string): string {
  return answer
    .split(/(?=^m=)/m)
    .map((section) =>
      section.startsWith('m=') && !/^a=ssrc:/m.test(section)
        ? section.replace(/^a=(sendonly|sendrecv)(?=\r?$)/m, 'a=inactive')
        : section,
    )
    .join('');
}

/** The answer with every host candidate once per announced address (1:1 NAT); unchanged where none is announced. */
export function announce(answer: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return answer;
  const seen = new Set<string>();
  return answer
    .split('\r\n')
    .flatMap((line) => {
      const match = /^(a=candidate:)\d+( 1 UDP )(\d+) \S+ (\d+ typ host.*)$/i.exec(line);
      if (!match) return [line.replace(/^c=IN IP[46] \S+$/, `c=IN IP4 ${addresses[0]}`)];
      const [, prefix, transport, priority, rest] = match;
      return addresses.flatMap((address, i) => {
        const key = `${address} ${rest}`;
        if (seen.has(key)) return [];
        seen.add(key);
        return [`${prefix}${seen.size}${transport}${Number(priority) - i} ${address} ${rest}`];
      });
    })
    .join('\r\n');
}
