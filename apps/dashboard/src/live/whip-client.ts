import { ApiError, errorOf } from '../api/errors.ts';

/** The permission to send to one source, as the catalog grants it. */
export interface PublishGrant {
  whipUrl?: string | undefined;
  token: string;
}

export interface WhipOptions {
  stream: MediaStream;
  grant: (signal: AbortSignal) => Promise<PublishGrant>;
  onConnected: () => void;
  /** The session is over and is not coming back. */
  onEnd: (error: unknown) => void;
}

const CONNECT_MS = 10_000;
/** Its size belongs to the recording: rather fewer pictures than another resolution. */
const HINT = 'detail';

/** Sends the video of a stream by WHIP (RFC 9725): `201` with the answer and a `Location`, `DELETE` at the end. */
export class WhipSession {
  readonly #options: WhipOptions;
  readonly #abort = new AbortController();
  #peer: RTCPeerConnection | undefined;
  #resource: { url: string; token: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: WhipOptions) {
    this.#options = options;
  }

  /** Failures go to `onEnd`, never out of here. */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.#end(error);
    }
  }

  /** Safe to call twice. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#peer?.close();
    if (this.#resource) release(this.#resource);
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(error);
  }

  /** Another camera of the device, in the same transmission. */
  async replace(track: MediaStreamTrack): Promise<void> {
    track.contentHint = HINT;
    await this.#peer?.getSenders()[0]?.replaceTrack(track);
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.#peer?.getSenders()[0]?.getStats();
  }

  async #connect(): Promise<void> {
    const { whipUrl, token } = await this.#options.grant(this.#abort.signal);
    this.#abort.signal.throwIfAborted();
    if (whipUrl === undefined) throw new ApiError(0, 'contract', '');
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    for (const track of this.#options.stream.getVideoTracks()) {
      track.contentHint = HINT;
      const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [this.#options.stream] });
      preferH264(transceiver);
    }
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'connected') {
        clearTimeout(this.#timer);
        this.#options.onConnected();
      }
      if (peer.connectionState === 'failed') this.#end(new ApiError(0, 'network', ''));
    });
    // At once, without waiting for our candidates: the station learns where we are from our checks.
    await peer.setLocalDescription(await peer.createOffer());
    const headers = { 'content-type': 'application/sdp', accept: 'application/sdp', authorization: `Bearer ${token}` };
    const body = peer.localDescription?.sdp ?? '';
    const response = await fetch(whipUrl, { method: 'POST', headers, body }).catch(() => {
      throw new ApiError(0, 'network', '');
    });
    if (response.status !== 201) throw errorOf(response, await response.json().catch(() => undefined));
    const resource = { url: new URL(response.headers.get('location') ?? '', whipUrl).href, token };
    if (this.#over) return release(resource);
    this.#resource = resource;
    this.#timer = setTimeout(() => this.#end(new ApiError(0, 'network', '')), CONNECT_MS);
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  }
}

/** H.264 needs no encoding again at the station. */
function preferH264(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  const isH264 = ({ mimeType }: { mimeType: string }) => mimeType.toLowerCase() === 'video/h264';
  const sorted = [...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))];
  if (sorted.length > 0) transceiver.setCodecPreferences(sorted);
}

/** The station is told even while the page is being closed. */
function release({ url, token }: { url: string; token: string }): void {
  fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(
    () => undefined,
  );
}
