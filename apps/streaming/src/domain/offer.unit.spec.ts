import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { announce, onlyWhatIsSent, readFragment, readOffer } from './offer.ts';
import { readRtcp } from './rtcp.ts';

const head = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'];
const ice = ['a=ice-ufrag:uf1', 'a=ice-pwd:pw', 'a=fingerprint:sha-256 AA:BB'];
const video = (...formats: [number, string][]) => [
  `m=video 9 UDP/TLS/RTP/SAVPF 96 ${formats.map(([type]) => type).join(' ')}`,
  ...ice,
  'a=mid:v0',
  'a=extmap:6 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  ...formats.flatMap(([type, fmtp]) => [`a=rtpmap:${type} H264/90000`, `a=fmtp:${type} ${fmtp}`]),
];
const sdp = (...lines: string[]) => [...head, ...lines, ''].join('\r\n');
const mode = (profile: string, packetization = 1) =>
  `level-asymmetry-allowed=1;packetization-mode=${packetization};profile-level-id=${profile}`;

describe('an offer', () => {
  it('is answered with the payload type of the stream’s profile, whatever the level', () => {
    const offer = sdp(...video([102, mode('42001f')], [108, mode('64001f')], [110, mode('640032', 0)]));
    expect(readOffer(offer, '64')).toEqual({
      videoMid: 'v0',
      payloadType: 108,
      fmtp: mode('64001f'),
      playoutDelayId: 6,
      iceUfrag: 'uf1',
    });
  });

  it('is answered with another profile where the stream’s own is not offered', () => {
    expect(readOffer(sdp(...video([102, mode('42e01f')])), '64').payloadType).toBe(102);
  });

  it.each([
    ['invalid-offer', 'hello'],
    ['invalid-offer', sdp('m=video 9 UDP/TLS/RTP/SAVPF 96')],
    ['invalid-offer', sdp(...video([102, mode('42e01f')])).replace('recvonly', 'sendonly')],
    ['no-common-codec', sdp(...ice, 'm=audio 9 UDP/TLS/RTP/SAVPF 111')],
    ['no-common-codec', sdp(...video([102, mode('42e01f', 0)]))],
    ['no-common-codec', sdp(...video())],
  ])('is refused as %s', (code, offer) => {
    expect(() => readOffer(offer, '64')).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('a trickled fragment', () => {
  it('gives its candidates per medium', () => {
    const text = 'a=ice-ufrag:uf1\r\na=mid:v0\r\na=candidate:1 1 UDP 1 10.0.0.1 9 typ host\r\na=end-of-candidates\r\n';
    expect(readFragment(text)).toEqual({
      iceUfrag: 'uf1',
      candidates: [{ mid: 'v0', candidate: 'candidate:1 1 UDP 1 10.0.0.1 9 typ host' }],
    });
  });

  it('is refused when it is none, or endless', () => {
    for (const text of ['', 'nonsense', 'a=candidate:1\n'.repeat(51)]) {
      expect(() => readFragment(text)).toThrow(expect.objectContaining({ code: 'invalid-fragment' }) as Error);
    }
  });
});

describe('announced addresses', () => {
  const answer = [
    'c=IN IP4 10.0.0.5',
    'a=candidate:1 1 UDP 2114977791 10.0.0.5 4000 typ host',
    'a=candidate:2 1 UDP 2114977790 fd00::5 4000 typ host',
    'a=end-of-candidates',
  ].join('\r\n');

  it('take the place of the interface’s own', () => {
    expect(announce(answer, []).split('\r\n')).toHaveLength(4);
    expect(announce(answer, ['192.0.2.1', '198.51.100.1']).split('\r\n')).toEqual([
      'c=IN IP4 192.0.2.1',
      'a=candidate:1 1 UDP 2114977791 192.0.2.1 4000 typ host',
      'a=candidate:2 1 UDP 2114977790 198.51.100.1 4000 typ host',
      'a=end-of-candidates',
    ]);
  });
});

describe('RTCP', () => {
  const receiverReport = [0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 64, ...Array<number>(19).fill(0)];
  const pictureLoss = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];

  it('tells a lost picture, the loss and a goodbye out of a compound packet', () => {
    expect(readRtcp(Uint8Array.from([...receiverReport, ...pictureLoss]))).toEqual({
      keyframeWanted: true,
      lost: 0.25,
      bye: false,
    });
    expect(readRtcp(Uint8Array.from([0x81, 203, 0, 1, 0, 0, 0, 1]))?.bye).toBe(true);
    expect(readRtcp(Uint8Array.from([1, 2, 3]))).toBeUndefined();
  });

  it('never fails on hostile bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readRtcp(bytes)));
  });
});

describe('what is not sent', () => {
  it('is said to be inactive; the rest of the answer stays as it is', () => {
    const head = 'v=0\r\na=group:BUNDLE 0 1\r\n';
    const video = 'm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=sendonly\r\na=ssrc:1 cname:x\r\n';
    const audio = 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\na=rtcp-mux\r\n';
    expect(onlyWhatIsSent(head + video + audio)).toBe(head + video + audio.replace('sendonly', 'inactive'));
    expect(onlyWhatIsSent(head + video)).toBe(head + video);
  });
});
