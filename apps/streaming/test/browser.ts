import { chromium, type Browser, type Page } from 'playwright-core';

/** The browser that Debian ships, or the one named by CHROMIUM_PATH. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
  });
}

export interface Watching {
  /** 201, or what the server answered. */
  status: number;
  location: string;
  etag: string;
  answer: string;
  /** From the POST to the first decoded frame, ms. */
  firstFrameMs: number;
}

/** Plays one stream in the page by WHEP; every decoded frame's counter is kept in `window.players[id].seen`. */
export async function watch(page: Page, id: string, url: string, token: string): Promise<Watching> {
  return page.evaluate(
    async ({ id, url, token }) => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      const video = document.createElement('video');
      video.muted = true;
      video.autoplay = true;
      video.width = 320;
      document.body.append(video);
      peer.ontrack = ({ streams, track }) => {
        video.srcObject = streams[0] ?? new MediaStream([track]);
        void video.play();
      };
      const seen: { counter: number | null; at: number }[] = [];
      const canvas = new OffscreenCanvas(640, 40);
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const players = ((globalThis as Record<string, unknown>)['players'] ??= {}) as Record<string, unknown>;
      players[id] = { peer, seen, url, token };

      await peer.setLocalDescription(await peer.createOffer());
      const startedAt = performance.now();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
        body: peer.localDescription?.sdp ?? '',
      });
      const answer = await response.text();
      const base = {
        status: response.status,
        location: response.headers.get('location') ?? '',
        etag: response.headers.get('etag') ?? '',
        answer,
      };
      if (response.status !== 201) return { ...base, firstFrameMs: -1 };
      const first = new Promise<number>((resolve) => {
        const frame = (_now: number, facts: VideoFrameCallbackMetadata) => {
          if (seen.length === 0) resolve(performance.now() - startedAt);
          const width = facts.width;
          context?.drawImage(video, 0, 0, width, 40, 0, 0, width, 40);
          const data = context?.getImageData(0, 0, width, 40).data;
          const read = (globalThis as unknown as { readCounter: (w: number, d: Uint8ClampedArray) => number | null })
            .readCounter;
          seen.push({
            counter: data ? read(width, data) : null,
            at: performance.timeOrigin + (facts.expectedDisplayTime ?? performance.now()),
          });
          video.requestVideoFrameCallback(frame);
        };
        video.requestVideoFrameCallback(frame);
      });
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
      const late = new Promise<number>((resolve) => setTimeout(() => resolve(-2), 15_000));
      return { ...base, firstFrameMs: await Promise.race([first, late]) };
    },
    { id, url, token },
  );
}

/** The counters a player has shown so far, with the wall clock (ms) of their display. */
export function shown(page: Page, id: string): Promise<{ counter: number | null; at: number }[]> {
  return page.evaluate((id) => {
    const players = (
      globalThis as unknown as { players: Record<string, { seen: { counter: number | null; at: number }[] }> }
    ).players;
    return players[id]?.seen ?? [];
  }, id);
}

/** A page with the counter's reader (libs/media/src/pattern/counter.ts, in the browser's words). */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.evaluate(() => {
    const edge = (index: number, width: number) => Math.round(((index + 2) * width) / 80);
    const crcOf = (counter: number) => {
      let crc = 0x55;
      for (let shift = 24; shift >= 0; shift -= 8) {
        crc ^= (counter >>> shift) & 0xff;
        for (let i = 0; i < 8; i++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
      }
      return crc;
    };
    (globalThis as Record<string, unknown>)['readCounter'] = (width: number, data: Uint8ClampedArray) => {
      const white = (column: number, row: number) => {
        const x = Math.round((edge(column, width) + edge(column + 1, width)) / 2);
        const y = Math.round((edge(row, width) + edge(row + 1, width)) / 2);
        return (data[(y * width + x) * 4 + 1] ?? 0) > 128;
      };
      if (!white(0, 0) || white(0, 1) || white(21, 0) || !white(21, 1)) return null;
      let counter = 0;
      let crc = 0;
      for (let bit = 39; bit >= 0; bit--) {
        const at = 39 - bit;
        const one = white(1 + (at % 20), Math.floor(at / 20)) ? 1 : 0;
        if (bit >= 8) counter = counter * 2 + one;
        else crc = crc * 2 + one;
      }
      return crcOf(counter) === crc ? counter : null;
    };
  });
  return page;
}
