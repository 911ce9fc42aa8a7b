import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputError, toError } from '@smartbox/kernel';
import { PeerConnection, RtcpReceivingSession, Video, type Track } from 'node-datachannel';
import { loopbackDescription, readSenderOffer } from './whip-offer.ts';

const GATHER_MS = 2_000;
/** Without a packet for this long the sender is gone. */
const SILENCE_MS = 4_000;
/** A lost packet spoils the picture until the next keyframe: it is asked for, not more often than this. */
const KEYFRAME_MS = 500;

export interface SenderLimits {
  /** bit/s that the sender may use. */
  bitrate: number;
  bindAddress?: string;
}

/** One WebRTC sender: its RTP, decrypted, goes to a loopback port that FFmpeg reads by `descriptionFile`. */
export class WhipSender {
  readonly session: string;
  readonly answer: string;
  readonly descriptionFile: string;
  readonly #iceUfrag: string | undefined;
  readonly #peer: PeerConnection;
  readonly #track: Track;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #folder: string;
  readonly #gone = Promise.withResolvers<string>();
  #heardAt = performance.now();
  #wishedAt = -Infinity;
  #next: number | undefined;
  #watch: NodeJS.Timeout;

  private constructor(of: {
    session: string;
    answer: string;
    iceUfrag: string | undefined;
    folder: string;
    port: number;
    peer: PeerConnection;
    track: Track;
    socket: Socket;
  }) {
    this.session = of.session;
    this.answer = of.answer;
    this.#iceUfrag = of.iceUfrag;
    this.#folder = of.folder;
    this.descriptionFile = join(of.folder, 'whip.sdp');
    this.#peer = of.peer;
    this.#track = of.track;
    this.#socket = of.socket;
    this.#port = of.port;
    this.#track.onMessage((packet) => this.#take(packet));
    this.#track.onOpen(() => this.wantKeyframe());
    this.#peer.onStateChange((state) => {
      if (state === 'failed' || state === 'closed') this.close(`the connection is ${state}`);
    });
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardAt > SILENCE_MS) this.close('the sender fell silent');
    }, 500);
  }

  /** @throws SmartBoxError `invalid-offer`, `no-common-codec`; Error of the native stack. */
  static async accept(session: string, sdp: string, limits: SenderLimits): Promise<WhipSender> {
    const offer = readSenderOffer(sdp);
    const folder = await mkdtemp(join(tmpdir(), 'smartbox-whip-'));
    const peer = new PeerConnection(session, {
      iceServers: [],
      disableAutoNegotiation: true,
      ...(limits.bindAddress === undefined ? {} : { bindAddress: limits.bindAddress }),
    });
    try {
      const port = await freeRtpPort();
      await writeFile(join(folder, 'whip.sdp'), loopbackDescription(offer, port));
      const video = new Video(offer.mid, 'RecvOnly');
      if (offer.codec === 'H264') video.addH264Codec(offer.payloadType, offer.fmtp);
      else video.addVP8Codec(offer.payloadType);
      const track = peer.addTrack(video);
      track.setMediaHandler(new RtcpReceivingSession());
      const gathered = new Promise<string>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('no candidates in time')), GATHER_MS);
        peer.onGatheringStateChange((state) => {
          if (state !== 'complete') return;
          clearTimeout(late);
          resolve(peer.localDescription()?.sdp ?? '');
        });
      });
      peer.setRemoteDescription(sdp, 'offer');
      peer.setLocalDescription('answer');
      const answer = await gathered;
      track.onOpen(() => track.requestBitrate(limits.bitrate));
      return new WhipSender({
        session,
        answer,
        iceUfrag: offer.iceUfrag,
        folder,
        port,
        peer,
        track,
        socket: createSocket('udp4'),
      });
    } catch (error) {
      peer.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Why it ended. */
  get gone(): Promise<string> {
    return this.#gone.promise;
  }

  /** @throws SmartBoxError `ice-restart-unsupported`. */
  addCandidates(fragment: string): void {
    const lines = fragment.split(/\r?\n/);
    const ufrag = lines.find((line) => line.startsWith('a=ice-ufrag:'))?.slice(12);
    if (ufrag !== undefined && ufrag !== this.#iceUfrag)
      throw inputError(
        'ice-restart-unsupported',
        'ICE is not restarted here: end this session and begin another one (RFC 9725 section 4.3.1)',
      );
    const mid = lines.find((line) => line.startsWith('a=mid:'))?.slice(6) ?? '0';
    for (const line of lines.filter((one) => one.startsWith('a=candidate:')).slice(0, 50)) {
      try {
        this.#peer.addRemoteCandidate(line.slice(2), mid);
      } catch (error) {
        // As good as one that does not connect.
        process.stderr.write(`candidate: ${toError(error).message}\n`);
      }
    }
  }

  wantKeyframe(): void {
    const now = performance.now();
    if (now - this.#wishedAt < KEYFRAME_MS || this.#track.isClosed()) return;
    this.#wishedAt = now;
    this.#track.requestKeyframe();
  }

  close(reason: string): void {
    clearInterval(this.#watch);
    this.#gone.resolve(reason);
    try {
      this.#peer.close();
      this.#socket.close();
    } catch {
      // Closed before.
    }
    // at once: this process may be about to end
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #take(packet: Buffer): void {
    // RTCP shares the connection (RFC 5761 section 4): types 64-95 of the second byte's lower bits.
    const type = (packet[1] ?? 0) & 0x7f;
    if (packet.length < 12 || (type >= 64 && type <= 95)) return;
    this.#heardAt = performance.now();
    const sequence = packet.readUInt16BE(2);
    if (this.#next !== undefined && sequence !== this.#next) this.wantKeyframe();
    this.#next = (sequence + 1) & 0xffff;
    this.#socket.send(packet, this.#port, '127.0.0.1', () => undefined);
  }
}

/** An even port whose successor is free too: RTP and RTCP (RFC 3550 section 11). */
async function freeRtpPort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = await bound(0);
    const { port } = first.address();
    const second = port % 2 === 0 ? await bound(port + 1).catch(() => undefined) : undefined;
    first.close();
    second?.close();
    if (second) return port;
  }
  throw new Error('no free pair of UDP ports');
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
