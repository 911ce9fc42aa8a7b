import { chromium, type Browser, type Page } from 'playwright-core';

/** The browser that Debian ships, or the one named by CHROMIUM_PATH. */
export function startBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required', '--mute-audio', ...more],
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

/** One session with several videos: the first readable picture of each, in the order in which they were offered. */
export function watchTogether(page: Page, url: string, token: string, videos: number) {
  return page.evaluate(
    async ({ url, token, videos }) => {
      const peer = new RTCPeerConnection();
      const transceivers = Array.from({ length: videos }, () =>
        peer.addTransceiver('video', { direction: 'recvonly' }),
      );
      await peer.setLocalDescription(await peer.createOffer());
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
      const response = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
      const answer = await response.text();
      const location = response.headers.get('location') ?? '';
      const leave = () => fetch(location, { method: 'DELETE', headers }).then(() => peer.close());
      if (response.status !== 201) {
        await leave();
        return { status: response.status, first: [], offered: answer };
      }
      const { readCounter } = globalThis as unknown as {
        readCounter: (width: number, data: Uint8ClampedArray) => number | null;
      };
      const first = transceivers.map(
        ({ receiver }) =>
          new Promise<{ counter: number | null }>((resolve) => {
            const video = document.createElement('video');
            video.muted = true;
            video.srcObject = new MediaStream([receiver.track]);
            document.body.append(video);
            const context = new OffscreenCanvas(640, 40).getContext('2d', { willReadFrequently: true });
            const late = setTimeout(() => resolve({ counter: null }), 15_000);
            const frame = () => {
              context?.drawImage(video, 0, 0);
              const data = context?.getImageData(0, 0, 640, 40).data;
              const counter = data ? readCounter(640, data) : null;
              if (counter === null) return void video.requestVideoFrameCallback(frame);
              clearTimeout(late);
              resolve({ counter });
            };
            video.requestVideoFrameCallback(frame);
            void video.play();
          }),
      );
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
      const found = await Promise.all(first);
      await leave();
      return { status: response.status, first: found, offered: '' };
    },
    { url, token, videos },
  );
}

/** Bytes that a player has received from each port of the server. */
export function receivedFrom(page: Page, id: string): Promise<Record<number, number>> {
  return page.evaluate(async (id) => {
    const { players } = globalThis as unknown as { players: Record<string, { peer: RTCPeerConnection }> };
    const report = [...((await players[id]?.peer.getStats())?.values() ?? [])] as Record<string, unknown>[];
    const portOf = (candidate: unknown) => Number(report.find((entry) => entry['id'] === candidate)?.['port']);
    const received: Record<number, number> = {};
    for (const { type, remoteCandidateId, bytesReceived } of report) {
      if (type !== 'candidate-pair') continue;
      const port = portOf(remoteCandidateId);
      received[port] = (received[port] ?? 0) + Number(bytesReceived);
    }
    return received;
  }, id);
}

/** Restarts the ICE session of a player; `port`: where the server said it is, `moved`: the player has gone there. */
export function restartIce(page: Page, id: string, session: string, token: string) {
  return page.evaluate(
    async ({ id, session, token }) => {
      const { players } = globalThis as unknown as { players: Record<string, { peer: RTCPeerConnection }> };
      const peer = players[id]?.peer;
      if (!peer?.remoteDescription) throw new Error(`${id} does not play`);
      const before = peer.remoteDescription.sdp;
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
      await new Promise<void>((done) => {
        const look = () => (peer.iceGatheringState === 'complete' ? done() : undefined);
        peer.onicegatheringstatechange = look;
        look();
      });
      const lines = (peer.localDescription?.sdp ?? '').split('\r\n');
      const kept = lines.filter((line) => /^a=(ice-ufrag|ice-pwd|candidate|mid|ice-options):/.test(line));
      const response = await fetch(session, {
        method: 'PATCH',
        headers: {
          'content-type': 'application/trickle-ice-sdpfrag',
          'if-match': '*',
          authorization: `Bearer ${token}`,
        },
        body: [...kept, ''].join('\r\n'),
      });
      const fragment = await response.text();
      if (response.status !== 200) return { status: response.status, port: 0, moved: false };
      const value = (name: string) => new RegExp(`^a=${name}:(.*)\r$`, 'm').exec(fragment)?.[1] ?? '';
      const candidates = fragment.match(/^a=candidate:.*\r\n/gm) ?? [];
      const sdp = before
        .replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${value('ice-ufrag')}`)
        .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${value('ice-pwd')}`)
        .replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, '')
        .replace(/^a=mid:0\r\n/m, (mid) => mid + candidates.join(''));
      await peer.setRemoteDescription({ type: 'answer', sdp });
      const port = Number(candidates[0]?.split(' ')[5]);
      const transport = peer.getReceivers()[0]?.transport?.iceTransport;
      const moved = () => transport?.getSelectedCandidatePair()?.remote?.port === port;
      const until = performance.now() + 10_000;
      while (!moved() && performance.now() < until) await new Promise((next) => setTimeout(next, 20));
      return { status: response.status, port, moved: moved() };
    },
    { id, session, token },
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
