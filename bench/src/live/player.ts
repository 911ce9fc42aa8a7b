import { COUNTER_COLUMNS, COUNTER_ROWS, cellEdge, decodeFrameCounter } from '@smartbox/media';
import { chromium, type Browser, type Page } from 'playwright-core';
import { nowMs, type LiveRoom } from './room.ts';

/** One picture as the browser showed it; times are ms on the monotonic clock. */
export interface Shown {
  /** The burnt-in counter, read back from the picture. */
  counter: number;
  receivedAt: number | undefined;
  presentedAt: number;
  displayedAt: number;
}

interface Sample {
  luma: number[];
  received: number | undefined;
  presented: number;
  displayed: number;
}

/** A real Chromium that plays by WHEP and reads the stamp of every picture back from the screen. */
export class Player {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #room: LiveRoom;
  readonly joinMs: number;
  #offsetMs = 0;

  private constructor(browser: Browser, page: Page, room: LiveRoom, joinMs: number) {
    this.#browser = browser;
    this.#page = page;
    this.#room = room;
    this.joinMs = joinMs;
  }

  static async start(room: LiveRoom): Promise<Player> {
    const browser = await chromium.launch({
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(`${room.url}/healthz`);
    const { width } = room.format;
    // The middle of every cell of the counter.
    const points = Array.from({ length: COUNTER_ROWS }, (_, row) =>
      Array.from({ length: COUNTER_COLUMNS }, (_, column) => {
        const middle = (index: number) => Math.round((cellEdge(index, width) + cellEdge(index + 1, width)) / 2);
        return [middle(column), middle(row)] as const;
      }),
    ).flat();
    const joinMs = await page.evaluate(play, { url: room.whepUrl, token: room.token(), points, width });
    const player = new Player(browser, page, room, joinMs);
    await player.#calibrate();
    return player;
  }

  /** Everything shown within the next `ms`. */
  async watch(ms: number): Promise<Shown[]> {
    const samples = await this.#page.evaluate(async (wait): Promise<Sample[]> => {
      const { samples } = globalThis as unknown as { samples: Sample[] };
      samples.length = 0;
      await new Promise((resolve) => setTimeout(resolve, wait));
      return samples.splice(0);
    }, ms);
    const { width } = this.#room.format;
    const cell = (x: number, y: number, of: Sample) => of.luma[cellAt(y, width) * COUNTER_COLUMNS + cellAt(x, width)];
    return samples.flatMap((sample) => {
      const counter = decodeFrameCounter(width, (x, y) => cell(x, y, sample) ?? 0);
      if (counter === null) return [];
      const at = (time: number) => time + this.#offsetMs;
      const receivedAt = sample.received === undefined ? undefined : at(sample.received);
      return [{ counter, receivedAt, presentedAt: at(sample.presented), displayedAt: at(sample.displayed) }];
    });
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }

  /** The browser's clock on ours: the fastest of some questions is right to half its round trip. */
  async #calibrate(): Promise<void> {
    let best = Infinity;
    for (let i = 0; i < 30; i++) {
      const before = nowMs();
      const there = await this.#page.evaluate(() => performance.now());
      const after = nowMs();
      if (after - before >= best) continue;
      best = after - before;
      this.#offsetMs = (before + after) / 2 - there;
    }
  }
}

function cellAt(position: number, width: number): number {
  let index = 0;
  while (index < COUNTER_COLUMNS - 1 && position >= cellEdge(index + 1, width)) index++;
  return index;
}

/** Runs in the page: joins by WHEP and keeps a sample of every picture. Returns ms from the POST to the first one. */
async function play(of: {
  url: string;
  token: string;
  points: (readonly [number, number])[];
  width: number;
}): Promise<number> {
  const peer = new RTCPeerConnection();
  const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  // As small as a tile: what a software compositor takes for a large one is not the way of the picture.
  video.style.width = '320px';
  document.body.replaceChildren(video);
  const samples: Sample[] = [];
  Object.assign(globalThis, { samples, peer });
  const even = (value: number) => 2 * Math.ceil((value + 1) / 2);
  const height = even(Math.max(...of.points.map(([, y]) => y)));
  const stride = even(Math.max(...of.points.map(([x]) => x)));
  /** Luma of the points, straight from the decoded picture: a canvas would convert all of it for each look. */
  const look = async (): Promise<number[]> => {
    const picture = new VideoFrame(video);
    const options = { rect: { x: 0, y: 0, width: stride, height } };
    const data = new Uint8Array(picture.allocationSize(options));
    const [plane] = await picture.copyTo(data, options);
    picture.close();
    return of.points.map(([x, y]) => data[(plane?.offset ?? 0) + y * (plane?.stride ?? stride) + x] ?? 0);
  };
  const first = new Promise<void>((resolve) => {
    const frame = (now: number, facts: VideoFrameCallbackMetadata) => {
      const { receiveTime, presentationTime, expectedDisplayTime } = facts;
      const times = { received: receiveTime, presented: presentationTime, displayed: expectedDisplayTime || now };
      void look().then((luma) => samples.push({ luma, ...times }));
      resolve();
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  });
  peer.ontrack = ({ streams, track }) => {
    video.srcObject = streams[0] ?? new MediaStream([track]);
    void video.play();
  };
  await peer.setLocalDescription(await peer.createOffer());
  const startedAt = performance.now();
  const response = await fetch(of.url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${of.token}` },
    body: peer.localDescription?.sdp ?? '',
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${answer}`);
  await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error('no picture within 30 s')), 30_000));
  await Promise.race([first, late]);
  return performance.now() - startedAt;
}
