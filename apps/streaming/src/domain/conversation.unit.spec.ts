import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCorridor, writeNews, writeVoice } from './corridor-message.ts';
import { readRtp, writeRtp, type RtpPacket } from './rtp.ts';
import { readVoiceOffer } from './voice-offer.ts';
import { VoiceTrack } from './voice-track.ts';

const packet = (sequence: number, timestamp: number): RtpPacket => ({
  payloadType: 111,
  marker: false,
  sequence,
  timestamp,
  payload: Uint8Array.from([1, 2, 3]),
});

describe('RTP', () => {
  it('comes back as it was written, also with what is left out: extensions, contributors, padding', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.nat(4_294_967_295),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        (s, t, payload) => {
          const given = { ...packet(s, t), marker: s % 2 === 0, payload };
          const read = readRtp(writeRtp(given, 7));
          expect(read && { ...read, payload: [...read.payload] }).toEqual({ ...given, payload: [...payload] });
        },
      ),
    );
    const extended = [
      0xb1, 111, 0, 5, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 8, 0xbe, 0xde, 0, 1, 0x10, 0x7f, 0, 0, 42, 43, 2, 2,
    ];
    const read = readRtp(Uint8Array.from(extended));
    expect(read && [read.sequence, read.timestamp, ...read.payload]).toEqual([5, 9, 42, 43]);
  });

  it('takes RTCP and noise for nothing', () => {
    expect(readRtp(Uint8Array.from([0x81, 201, 0, 7, ...Array<number>(28).fill(0)]))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => void readRtp(noise)));
  });
});

describe('a track in which one speaks after another', () => {
  it('goes on in sequence and time', () => {
    const track = new VoiceTrack();
    const sent: RtpPacket[] = [];
    const speak = (who: string, from: RtpPacket, count: number, at: number) => {
      for (let i = 0; i < count; i++) {
        sent.push(
          track.next(who, { ...from, sequence: from.sequence + i, timestamp: from.timestamp + i * 960 }, at + i * 20),
        );
      }
    };
    speak('a', packet(1_000, 90_000), 5, 0);
    track.ended();
    // After two seconds, from a person whose numbers are elsewhere.
    speak('b', packet(65_533, 4_294_967_000), 5, 2_000);
    const steps = sent.slice(1).map(({ sequence, timestamp }, i) => {
      const before = sent[i] ?? sent[0];
      return [(sequence - (before?.sequence ?? 0)) & 0xffff, (timestamp - (before?.timestamp ?? 0)) >>> 0];
    });
    expect(steps.map(([sequence]) => sequence)).toEqual(Array(9).fill(1));
    expect(steps.map(([, time]) => time)).toEqual([960, 960, 960, 960, 1_920 * 48, 960, 960, 960, 960]);
    expect(sent.map(({ marker }) => marker)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('leaves a lost packet a lost packet', () => {
    const track = new VoiceTrack();
    const first = track.next('a', packet(10, 960), 0);
    const third = track.next('a', packet(12, 2_880), 40);
    expect((third.sequence - first.sequence) & 0xffff).toBe(2);
    expect((third.timestamp - first.timestamp) >>> 0).toBe(1_920);
  });
});

describe('an offer to take part', () => {
  const audio = (mid: string, direction: string) =>
    `m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:${mid}\r\na=${direction}\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n`;
  const head = 'v=0\r\na=ice-ufrag:uf1\r\na=ice-pwd:pw\r\na=fingerprint:sha-256 AA:BB\r\n';
  const channel = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n';

  it('says which voices can be sent and heard', () => {
    const { voices } = readVoiceOffer(head + audio('0', 'sendrecv') + audio('1', 'recvonly') + channel);
    expect(voices).toEqual([
      { mid: '0', payloadType: 111, fmtp: 'minptime=10;useinbandfec=1', sends: true, hears: true },
      { mid: '1', payloadType: 111, fmtp: 'minptime=10;useinbandfec=1', sends: false, hears: true },
    ]);
  });

  it.each([
    ['nothing', 'hello'],
    ['no data channel', head + audio('0', 'sendrecv')],
    ['no Opus', head + audio('0', 'sendrecv').replace('opus', 'PCMU') + channel],
  ])('with %s is refused', (_what, sdp) => {
    expect(() => readVoiceOffer(sdp)).toThrow(expect.objectContaining({ code: 'invalid-offer' }) as Error);
  });
});

describe('messages between instances', () => {
  const personId = 'AAAAAAAAAAAAAAAAAAAAAA';

  it('come back as they were written', () => {
    expect(readCorridor(writeNews({ t: 'gone', personId }))).toEqual({ kind: 'news', news: { t: 'gone', personId } });
    const voice = readCorridor(writeVoice(personId, Uint8Array.from([9, 8])));
    expect(voice).toMatchObject({ kind: 'voice', personId });
    expect(voice?.kind === 'voice' && [...voice.rtp]).toEqual([9, 8]);
  });

  it('that are none are left out', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => void readCorridor(noise)));
    expect(readCorridor(Buffer.from('\u0000{"t":"newer"}'))).toBeUndefined();
  });
});
