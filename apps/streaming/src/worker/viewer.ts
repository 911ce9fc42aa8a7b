import { inputError, SmartBoxError } from '@smartbox/kernel';
import {
  chooseFormat,
  formatsFor,
  iceOf,
  readDescription,
  type Description,
  type IceCredentials,
} from '../domain/offer.ts';
import { restartFragment } from '../domain/ice-fragment.ts';
import { RestartedPath } from './ice/restarted-path.ts';
import type { IceRelay } from './ice/ice-relay.ts';
import { muxedPeer, type MuxedPeer } from './muxed-peer.ts';
import { VideoTrack } from './video-track.ts';

export interface ViewerEvents {
  playing(source: string): void;
  keyframeWanted(source: string): void;
  gone(reason: string): void;
}

export interface Network {
  udpPort: number;
  bindAddress: string | undefined;
  relay: () => Promise<IceRelay>;
}

/** A source and what its own parameter set says: `profile-level-id` as in RFC 6184 section 8.1. */
export interface Watched {
  source: string;
  profileLevelId: string;
}

export interface Limits {
  silenceMs: number;
  connectMs: number;
  offerMs: number;
}

/** Of our own offers; any number that no other extension has. */
const PLAYOUT_DELAY_ID = 1;

/** One WebRTC viewer of one or more sources. Every native call that can throw is guarded: a viewer fails alone. */
export class Viewer {
  /** By source. */
  readonly tracks = new Map<string, VideoTrack>();
  readonly #peer: MuxedPeer['peer'];
  readonly #network: Network;
  readonly #events: ViewerEvents;
  readonly #gathered: MuxedPeer['gathered'];
  #since = performance.now();
  #lastRtcp = 0;
  /** Our offer waits for its answer. */
  #offering = false;
  #viewerIce: IceCredentials | undefined;
  #path: RestartedPath | undefined;
  #gone = false;

  constructor(id: string, network: Network, events: ViewerEvents) {
    this.#events = events;
    this.#network = network;
    ({ peer: this.#peer, gathered: this.#gathered } = muxedPeer(id, network));
    this.#peer.onStateChange((state) => {
      if (state === 'failed' || state === 'closed') this.close(`connection ${state}`);
    });
  }

  /**
   * The answer with all candidates: the first offered videos are the sources, in their order. Undefined where they do
   * not fit the offer: too few videos, or without an H.264 that we could send.
   */
  async answer(sdp: string, offer: Description, sources: readonly Watched[]): Promise<string | undefined> {
    const plans = sources.map(({ source, profileLevelId }, i) => {
      const video = offer.videos[i];
      const format = video && chooseFormat(video, profileLevelId.slice(0, 2));
      return format && { source, format, mid: video.mid, playoutDelayId: video.playoutDelayId };
    });
    if (plans.some((plan) => plan === undefined)) return undefined;
    this.#viewerIce = offer.ice;
    for (const plan of plans) {
      if (plan) this.#track(plan.source, { ...plan, formats: [plan.format] }).agree(plan.format, plan.playoutDelayId);
    }
    this.#peer.setRemoteDescription(sdp, 'offer');
    this.#peer.setLocalDescription('answer');
    return this.#gathered.promise;
  }

  /** An offer of our own, one video for each source (draft-ietf-wish-whep, "Server Sends Counter-Offer"). */
  async offer(sources: readonly Watched[]): Promise<string> {
    this.#offering = true;
    for (const [i, { source, profileLevelId }] of sources.entries()) {
      const formats = formatsFor(profileLevelId);
      this.#track(source, { mid: String(i), formats, playoutDelayId: PLAYOUT_DELAY_ID });
    }
    this.#peer.setLocalDescription('offer');
    return this.#gathered.promise;
  }

  /** @throws SmartBoxError `already-answered`, `invalid-offer`, `no-common-codec`; another answer may follow. */
  takeAnswer(sdp: string): void {
    if (!this.#offering) throw inputError('already-answered', 'no offer of ours waits for an answer');
    const answer = readDescription(sdp);
    const agreed = [...this.tracks.values()].map((track) => {
      const video = answer.videos.find(({ mid }) => mid === track.mid);
      const [format] = video?.formats ?? [];
      if (!video || !format)
        throw inputError('no-common-codec', `the answer takes no H.264 for the video ${track.mid}`);
      return () => track.agree(format, video.playoutDelayId);
    });
    for (const agree of agreed) agree();
    this.#peer.setRemoteDescription(sdp, 'answer');
    this.#offering = false;
    this.#since = performance.now();
    this.#viewerIce = answer.ice;
  }

  /**
   * The fragment with our side of the new ICE session. The encryption and the pictures go on as they are.
   * @throws SmartBoxError `not-connected`.
   */
  async restartIce(viewer: IceCredentials): Promise<string> {
    const local = this.#peer.localDescription()?.sdp;
    if (this.#gone || !this.#viewerIce || local === undefined || this.#peer.state() !== 'connected') {
      throw notConnected();
    }
    const relay = await this.#network.relay();
    // It left while the port was opened.
    if (this.#gone) throw notConnected();
    if (this.#path) this.#path.restart(viewer);
    else {
      const { bindAddress = '127.0.0.1', udpPort } = this.#network;
      const first = { server: iceOf(local), viewer: this.#viewerIce };
      this.#path = new RestartedPath(relay, { address: bindAddress, port: udpPort }, first, viewer);
    }
    relay.add(this.#path);
    return restartFragment(local, this.#path.server, relay.port);
  }

  addCandidate(candidate: string, mid: string): void {
    // A restarted session needs none: the viewer's own checks say where it is.
    if (this.#path) return;
    try {
      this.#peer.addRemoteCandidate(candidate, mid);
    } catch {
      // A candidate that cannot be parsed is as good as one that does not connect.
    }
  }

  /** Ends a viewer that never answered or connected, or has fallen silent (a killed browser sends nothing any more). */
  reap(now: number, { silenceMs, connectMs, offerMs }: Limits): void {
    const open = [...this.tracks.values()].some((track) => track.open);
    if (this.#offering && now - this.#since > offerMs) this.close('no answer in time');
    else if (!this.#offering && !open && now - this.#since > connectMs) this.close('no connection in time');
    else if (open && now - this.#lastRtcp > silenceMs) this.close('the viewer fell silent');
  }

  close(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#gathered.reject(new Error(reason));
    this.#gathered.promise.catch(() => undefined);
    const path = this.#path;
    if (path) void this.#network.relay().then((relay) => relay.remove(path));
    path?.close();
    try {
      this.#peer.close();
    } catch {
      // Already closed by the other side.
    }
    this.#events.gone(reason);
  }

  #track(source: string, plan: ConstructorParameters<typeof VideoTrack>[2]): VideoTrack {
    const track = new VideoTrack(this.#peer, source, plan, {
      playing: () => this.#events.playing(source),
      keyframeWanted: () => this.#events.keyframeWanted(source),
      heard: () => (this.#lastRtcp = performance.now()),
      gone: (reason) => this.close(reason),
    });
    this.tracks.set(source, track);
    return track;
  }
}

const notConnected = (): SmartBoxError =>
  new SmartBoxError({
    code: 'not-connected',
    message: 'there is no connection that an ICE restart could keep',
    fault: 'input',
  });
