import { CONVERSATION_CHANNEL, CONVERSATION_VOICES, ConversationNews } from '@smartbox/contracts';
import type { ConversationPerson, ConversationRequest } from '@smartbox/contracts';
import { ApiError, errorOf } from '../api/errors.ts';

export interface ConversationLink {
  url: string;
  token: string;
}

export interface SessionOptions {
  grant: (signal: AbortSignal) => Promise<ConversationLink>;
  onJoined: (me: ConversationPerson) => void;
  onPeople: (people: ConversationPerson[]) => void;
  onDrawn: (drawn: Extract<ConversationNews, { t: 'drawn' }>) => void;
  onRefused: (what: 'speak' | 'draw', code: string) => void;
  /** The browser plays no sound before somebody has touched the page. */
  onSilenced: () => void;
  /** It is over and is not coming back: start another one. */
  onEnd: (error: unknown) => void;
}

const CONNECT_MS = 10_000;
const HERE_MS = 2_000;

/** One presence in a room's conversation: voices by WebRTC, everything else over its data channel. */
export class ConversationSession {
  readonly #options: SessionOptions;
  readonly #abort = new AbortController();
  readonly #voices: HTMLAudioElement[] = [];
  #peer: RTCPeerConnection | undefined;
  #channel: RTCDataChannel | undefined;
  #mouth: RTCRtpSender | undefined;
  #resource: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #muted = false;
  #over = false;

  constructor(options: SessionOptions) {
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
    clearInterval(this.#beat);
    this.#abort.abort();
    this.#channel?.close();
    this.#peer?.close();
    for (const voice of this.#voices) voice.srcObject = null;
    if (this.#resource !== undefined) {
      fetch(this.#resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    }
  }

  say(request: ConversationRequest): void {
    if (this.#channel?.readyState === 'open') this.#channel.send(JSON.stringify(request));
  }

  /** What is sent as this person's voice; null: nothing. */
  async send(track: MediaStreamTrack | null): Promise<void> {
    await this.#mouth?.replaceTrack(track).catch(() => undefined);
  }

  mute(muted: boolean): void {
    this.#muted = muted;
    for (const voice of this.#voices) voice.muted = muted;
  }

  /** After a touch: what the browser would not play before. */
  unlock(): void {
    for (const voice of this.#voices) void voice.play().catch(() => undefined);
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(error);
  }

  async #connect(): Promise<void> {
    if (typeof RTCPeerConnection === 'undefined') throw new ApiError(0, 'no-webrtc', '');
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    this.#mouth = peer.addTransceiver('audio', { direction: 'sendrecv' }).sender;
    for (let i = 1; i < CONVERSATION_VOICES; i++) peer.addTransceiver('audio', { direction: 'recvonly' });
    this.#listen(peer.createDataChannel(CONVERSATION_CHANNEL));
    peer.addEventListener('track', ({ track }) => this.#hear(track));
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'failed') this.#end(new ApiError(0, 'network', ''));
    });
    const [link] = await Promise.all([
      this.#options.grant(this.#abort.signal),
      peer.createOffer().then((offer) => peer.setLocalDescription(offer)),
    ]);
    this.#abort.signal.throwIfAborted();
    const response = await fetch(link.url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${link.token}` },
      body: peer.localDescription?.sdp ?? '',
    }).catch(() => {
      throw new ApiError(0, 'network', '');
    });
    if (response.status !== 201) throw errorOf(response, await response.json().catch(() => undefined));
    this.#resource = new URL(response.headers.get('location') ?? '', response.url || link.url).href;
    if (this.#over) {
      void fetch(this.#resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
      return;
    }
    this.#timer = setTimeout(() => this.#end(new ApiError(0, 'network', '')), CONNECT_MS);
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  }

  #listen(channel: RTCDataChannel): void {
    this.#channel = channel;
    channel.addEventListener('open', () => {
      clearTimeout(this.#timer);
      this.#beat = setInterval(() => this.say({ t: 'here' }), HERE_MS);
    });
    channel.addEventListener('close', () => this.#end(new ApiError(0, 'conversation-ended', '')));
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const news = ConversationNews.safeParse(typeof data === 'string' ? JSON.parse(data) : undefined);
      // A newer server may say more.
      if (news.success) this.#learn(news.data);
    });
  }

  #learn(news: ConversationNews): void {
    switch (news.t) {
      case 'you':
        return this.#options.onJoined(news.person);
      case 'people':
        return this.#options.onPeople(news.people);
      case 'drawn':
        return this.#options.onDrawn(news);
      case 'refused':
        return this.#options.onRefused(news.what, news.code);
    }
  }

  #hear(track: MediaStreamTrack): void {
    const voice = new Audio();
    voice.autoplay = true;
    voice.muted = this.#muted;
    voice.srcObject = new MediaStream([track]);
    this.#voices.push(voice);
    voice.play().catch((error: unknown) => {
      if ((error as DOMException).name === 'NotAllowedError') this.#options.onSilenced();
    });
  }
}
