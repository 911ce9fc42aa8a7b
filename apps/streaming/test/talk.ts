import type { ConversationNews, ConversationPerson, ConversationRequest } from '@smartbox/contracts';
import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';

type Heard = Extract<ConversationNews, { t: 'drawn' }> & { at: number };

interface TalkState {
  news: (ConversationNews & { at: number })[];
  closed: boolean;
}

/** A browser with a fake microphone that beeps. */
export const MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** Somebody in a conversation, in a page of a real browser. */
export class Talker {
  readonly page: Page;
  readonly status: number;
  readonly location: string;
  readonly answer: string;

  private constructor(page: Page, joined: { status: number; location: string; answer: string }) {
    this.page = page;
    this.status = joined.status;
    this.location = joined.location;
    this.answer = joined.answer;
  }

  /** Joins and waits for the data channel; a refusal is in `status` and `answer`. */
  static async join(browser: Browser, origin: string, url: string, token: string): Promise<Talker> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${origin}/healthz`);
    const joined = await page.evaluate(
      async ({ url, token }) => {
        const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
        const peer = new RTCPeerConnection();
        const [first] = [peer.addTransceiver('audio', { direction: 'sendrecv' })];
        for (let i = 0; i < 2; i++) peer.addTransceiver('audio', { direction: 'recvonly' });
        const channel = peer.createDataChannel('smartbox.conversation.v1');
        const state: { news: unknown[]; closed: boolean } = { news: [], closed: false };
        channel.onmessage = ({ data }) => state.news.push({ ...JSON.parse(String(data)), at: Date.now() });
        channel.onclose = () => (state.closed = true);
        peer.ontrack = ({ track }) => {
          const audio = new Audio();
          audio.srcObject = new MediaStream([track]);
          void audio.play();
        };
        Object.assign(globalThis, { peer, channel, state, first, microphone });
        const beat = setInterval(() => {
          if (channel.readyState === 'open') channel.send('{"t":"here"}');
        }, 1_000);
        Object.assign(globalThis, { beat });
        await peer.setLocalDescription(await peer.createOffer());
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
        const response = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
        const answer = await response.text();
        const location = response.headers.get('location') ?? '';
        if (response.status !== 201) return { status: response.status, location, answer };
        await peer.setRemoteDescription({ type: 'answer', sdp: answer });
        await new Promise<void>((open, fail) => {
          if (channel.readyState === 'open') return open();
          channel.onopen = () => open();
          setTimeout(() => fail(new Error('the data channel does not open')), 15_000);
        });
        return { status: response.status, location, answer };
      },
      { url, token },
    );
    return new Talker(page, joined);
  }

  say(request: ConversationRequest): Promise<void> {
    return this.page.evaluate((text) => {
      (globalThis as unknown as { channel: RTCDataChannel }).channel.send(text);
    }, JSON.stringify(request));
  }

  /** The microphone's track is sent, whatever the server thinks of it. */
  async microphone(on: boolean): Promise<void> {
    await this.page.evaluate(async (on) => {
      const { first, microphone } = globalThis as unknown as {
        first: RTCRtpTransceiver;
        microphone: MediaStream;
      };
      await first.sender.replaceTrack(on ? (microphone.getAudioTracks()[0] ?? null) : null);
    }, on);
  }

  async speak(on: boolean): Promise<void> {
    await this.microphone(on);
    await this.say({ t: 'speak', on });
  }

  /** Of all voices so far: packets, and energy as WebRTC's statistics define it (0 is silence). */
  heard(): Promise<{ packets: number; energy: number }> {
    return this.page.evaluate(async () => {
      const { peer } = globalThis as unknown as { peer: RTCPeerConnection };
      const inbound = [...(await peer.getStats()).values()].filter(
        (entry: { type: string; kind?: string }) => entry.type === 'inbound-rtp' && entry.kind === 'audio',
      ) as { packetsReceived: number; totalAudioEnergy?: number }[];
      const sum = (of: (entry: (typeof inbound)[number]) => number) => inbound.reduce((all, one) => all + of(one), 0);
      return { packets: sum((one) => one.packetsReceived), energy: sum((one) => one.totalAudioEnergy ?? 0) };
    });
  }

  state(): Promise<TalkState> {
    return this.page.evaluate(() => (globalThis as unknown as { state: unknown }).state) as Promise<TalkState>;
  }

  async me(): Promise<ConversationPerson> {
    return until(
      async () => {
        const you = (await this.state()).news.find((one) => one.t === 'you');
        return you?.t === 'you' && you.person;
      },
      { what: 'being told who one is' },
    );
  }

  /** Everybody, as was told last. */
  async people(): Promise<ConversationPerson[]> {
    const { news } = await this.state();
    const last = news.findLast((one) => one.t === 'people');
    return last?.t === 'people' ? last.people : [];
  }

  async drawn(): Promise<Heard[]> {
    const { news } = await this.state();
    return news.flatMap((one) => (one.t === 'drawn' ? [one] : []));
  }

  async refusals(): Promise<string[]> {
    const { news } = await this.state();
    return news.flatMap((one) => (one.t === 'refused' ? [`${one.what} ${one.code}`] : []));
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }
}
