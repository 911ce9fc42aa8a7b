import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { announce, onlyWhatIsSent, rtcpMuxOnly } from './answer.ts';
import { readFragment, restartFragment, restartOf } from './ice-fragment.ts';
import { chooseFormat, readDescription } from './offer.ts';
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
  const chosen = (offer: string) => {
    const [first] = readDescription(offer).videos;
    return first && chooseFormat(first, '64')?.payloadType;
  };

  it('is answered with the payload type of the stream’s profile, whatever the level', () => {
    const offer = sdp(...video([102, mode('42001f')], [108, mode('64001f')], [110, mode('640032', 0)]));
    expect(readDescription(offer)).toMatchObject({
      ice: { ufrag: 'uf1', pwd: 'pw' },
      videos: [{ mid: 'v0', playoutDelayId: 6, formats: [{ payloadType: 102 }, { payloadType: 108 }, {}] }],
    });
    expect(chosen(offer)).toBe(108);
  });

  it('is answered with another profile where the stream’s own is not offered', () => {
    expect(chosen(sdp(...video([102, mode('42e01f')])))).toBe(102);
  });

  it('has as many videos as it can take', () => {
    const second = video([102, mode('64001f')]).map((line) => line.replace('v0', 'v1'));
    const refused = second.map((line) => line.replace('m=video 9', 'm=video 0').replace('v1', 'v2'));
    const mids = (...lines: string[]) => readDescription(sdp(...lines)).videos.map(({ mid }) => mid);
    expect(mids(...video([102, mode('64001f')]), ...second, ...refused)).toEqual(['v0', 'v1']);
    expect(mids(...video([102, mode('64001f')]), ...refused, 'a=bundle-only')).toEqual(['v0', 'v2']);
    expect(mids(...ice, 'm=audio 9 UDP/TLS/RTP/SAVPF 111')).toEqual([]);
  });

  it.each([
    ['no H.264', sdp(...video())],
    ['another packetization mode', sdp(...video([102, mode('42e01f', 0)]))],
  ])('with %s has nothing to send', (_what, offer) => {
    expect(chosen(offer)).toBeUndefined();
  });

  it.each([
    ['nothing', 'hello'],
    ['no ICE', sdp('m=video 9 UDP/TLS/RTP/SAVPF 96')],
    ['a player that sends', sdp(...video([102, mode('42e01f')])).replace('recvonly', 'sendonly')],
  ])('of %s is refused', (_what, offer) => {
    expect(() => readDescription(offer)).toThrow(expect.objectContaining({ code: 'invalid-offer' }) as Error);
  });
});

describe('a trickled fragment', () => {
  it('gives its candidates per medium', () => {
    const text = 'a=ice-ufrag:uf1\r\na=mid:v0\r\na=candidate:1 1 UDP 1 10.0.0.1 9 typ host\r\na=end-of-candidates\r\n';
    expect(readFragment(text)).toEqual({
      iceUfrag: 'uf1',
      icePwd: undefined,
      candidates: [{ mid: 'v0', candidate: 'candidate:1 1 UDP 1 10.0.0.1 9 typ host' }],
    });
  });

  it('is refused when it is none, or endless', () => {
    for (const text of ['', 'nonsense', 'a=candidate:1\n'.repeat(51)]) {
      expect(() => readFragment(text)).toThrow(expect.objectContaining({ code: 'invalid-fragment' }) as Error);
    }
  });
});

describe('an ICE restart', () => {
  const pwd = 'p'.repeat(22);

  it('needs credentials of the lengths that ICE asks for', () => {
    const read = (ufrag: string, password: string) =>
      restartOf(readFragment(`a=ice-ufrag:${ufrag}\r\na=ice-pwd:${password}\r\n`));
    expect(read('new1', pwd)).toEqual({ ufrag: 'new1', pwd });
    for (const [ufrag, password] of [
      ['new', pwd],
      ['new1', 'short'],
      ['new 1', pwd],
    ] as const) {
      expect(() => read(ufrag, password)).toThrow(expect.objectContaining({ code: 'invalid-fragment' }) as Error);
    }
  });

  it('is answered with what was said of ICE before, at another port', () => {
    const answer = [
      ...head,
      'a=ice-options:ice2,trickle',
      'm=video 4000 UDP/TLS/RTP/SAVPF 102',
      'a=mid:v0',
      'a=ice-ufrag:old1',
      'a=candidate:1 1 UDP 2114977791 10.0.0.5 4000 typ host',
      'a=candidate:2 1 UDP 2114977790 fd00::5 4000 typ host',
      'm=video 4000 UDP/TLS/RTP/SAVPF 102',
      'a=mid:v1',
    ].join('\r\n');
    expect(restartFragment(answer, { ufrag: 'new1', pwd }, 5000).split('\r\n')).toEqual([
      'a=group:BUNDLE 0',
      'a=ice-options:ice2,trickle',
      'a=ice-ufrag:new1',
      `a=ice-pwd:${pwd}`,
      'm=video 9 UDP/TLS/RTP/SAVPF 102',
      'a=mid:v0',
      'a=candidate:1 1 UDP 2114977791 10.0.0.5 5000 typ host',
      'a=candidate:2 1 UDP 2114977790 fd00::5 5000 typ host',
      'a=end-of-candidates',
      '',
    ]);
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
    expect(rtcpMuxOnly(audio)).toBe(`${audio}a=rtcp-mux-only\r\n`);
  });
});
