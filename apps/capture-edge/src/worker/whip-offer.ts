import { inputError } from '@smartbox/kernel';

/** What is taken of a sender's offer. */
export interface SenderOffer {
  mid: string;
  /** By another one an ICE restart is told (RFC 8839 section 4.4.1.1.1); undefined where the offer names none. */
  iceUfrag: string | undefined;
  codec: 'H264' | 'VP8';
  payloadType: number;
  fmtp: string;
}

/**
 * H.264 with packetization-mode 1 where it is offered, else VP8 (re-encoded before the ring).
 * @throws SmartBoxError `invalid-offer`, `no-common-codec`.
 */
export function readSenderOffer(sdp: string): SenderOffer {
  const lines = sdp.split(/\r?\n/);
  if (lines[0] !== 'v=0') throw inputError('invalid-offer', 'the body is no session description (RFC 8866)');
  const start = lines.findIndex((line) => /^m=video [1-9]/.test(line));
  if (start < 0) throw inputError('no-common-codec', 'the offer has no video: only video is taken');
  const next = lines.findIndex((line, i) => i > start && line.startsWith('m='));
  const section = lines.slice(start, next < 0 ? undefined : next);
  if (section.some((line) => line === 'a=recvonly' || line === 'a=inactive'))
    throw inputError('invalid-offer', 'the offered video does not send: a sender offers sendonly (RFC 9725)');
  const mid = section.find((line) => line.startsWith('a=mid:'))?.slice(6);
  if (mid === undefined) throw inputError('invalid-offer', 'the video has no mid (RFC 8843)');
  const iceUfrag = [...section, ...lines].find((line) => line.startsWith('a=ice-ufrag:'))?.slice(12);
  const formats = section.flatMap((line) => {
    const [, type, codec] = /^a=rtpmap:(\d{1,3}) (H264|VP8)\/90000$/i.exec(line) ?? [];
    if (type === undefined || codec === undefined) return [];
    const fmtp = section.find((other) => other.startsWith(`a=fmtp:${type} `))?.slice(8 + type.length) ?? '';
    return [{ mid, iceUfrag, codec: codec.toUpperCase() as 'H264' | 'VP8', payloadType: Number(type), fmtp }];
  });
  const found =
    formats.find(({ codec, fmtp }) => codec === 'H264' && /packetization-mode=1/.test(fmtp)) ??
    formats.find(({ codec }) => codec === 'VP8');
  if (!found) throw inputError('no-common-codec', 'the offer has neither H.264 with packetization-mode 1 nor VP8');
  return found;
}

/** The session description by which FFmpeg reads the forwarded RTP (RFC 8866). */
export function loopbackDescription({ codec, payloadType, fmtp }: SenderOffer, port: number): string {
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=whip',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=video ${port} RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${codec}/90000`,
    ...(fmtp === '' ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
