import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { decodeLiveAccessUnit, liveSubject } from '@smartbox/contracts';
import { decodeFrames } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestStation, type RingFragment } from './station.ts';

describe('a browser as a camera (WHIP)', () => {
  let station: TestStation;
  let browser: Browser;
  let page: Page;
  let server: Server;

  beforeAll(async () => {
    station = await TestStation.create({
      sources: [
        { id: 'phone', name: 'Phone', kind: 'whip', width: 640, height: 360, bitrate: 2_000_000 },
        { id: 'screen', name: 'Screen', kind: 'whip', bitrate: 2_000_000 },
        { id: 'pattern', name: 'Pattern', kind: 'synthetic', width: 320, height: 180, bitrate: 500_000 },
      ],
    });
    await station.start();
    server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>camera</p>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await station?.close();
  });

  const signal = (session: string, action: 'offer' | 'candidates' | 'end', sdp?: string, sourceId = 'phone') =>
    station.messaging.call(
      'capture-edge.whip',
      { stationId: 'or-1', sourceId, session, action, sdp },
      { station: 'or-1' },
    );
  const newSession = () => randomBytes(16).toString('base64url');
  const stateOf = async (sourceId: string) =>
    (await station.presence())?.sources.find((source) => source.sourceId === sourceId);

  /** The offer of a page that shows its (fake) camera. */
  const offer = (codec: string) =>
    page.evaluate(async (codec) => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } });
      const peer = new RTCPeerConnection();
      (globalThis as unknown as { peer?: RTCPeerConnection }).peer = peer;
      const [track] = stream.getVideoTracks();
      if (!track) return '';
      const transceiver = peer.addTransceiver(track, { direction: 'sendonly' });
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`));
      await peer.setLocalDescription(await peer.createOffer());
      await new Promise<void>((resolve) => {
        if (peer.iceGatheringState === 'complete') resolve();
        peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
      });
      return peer.localDescription?.sdp ?? '';
    }, codec);
  const accept = (sdp: string) =>
    page.evaluate(
      (sdp) =>
        (globalThis as unknown as { peer: RTCPeerConnection }).peer.setRemoteDescription({ type: 'answer', sdp }),
      sdp,
    );
  const hangUp = () => page.evaluate(() => (globalThis as unknown as { peer: RTCPeerConnection }).peer.close());

  it.each(['vp8', 'h264'])(
    '%s of a browser is live, and in the ring in pieces that decode alone',
    async (codec) => {
      const procedure = await station.procedure();
      let keyframes = 0;
      const stop = station.messaging.subscribeLive(liveSubject('or-1', 'phone'), (bytes) => {
        if (decodeLiveAccessUnit(bytes).keyframe) keyframes += 1;
      });
      const session = newSession();
      const { sdp } = await signal(session, 'offer', await offer(codec));
      expect(sdp).toMatch(/^a=recvonly\r$/m);
      await accept(sdp ?? '');
      const fragments = await station.untilRing(
        'phone',
        (found) => found.length >= 3,
        'three fragments of the browser',
        procedure,
      );
      const [first] = fragments;
      expect(first?.headers).toMatchObject({ keyframe: true });
      expect(first?.headers.encoder).toMatch(codec === 'h264' ? /^passthrough$/ : /^libx264/);
      const decoded = await station.counters(fragments);
      const frames = fragments.reduce((sum, { headers }) => sum + headers.frames, 0);
      console.log(
        `${codec}: ${fragments.length} fragments, ${decoded.length} frames decoded; ${first?.headers.encoder}`,
      );
      expect(decoded.length).toBe(frames);
      expect(keyframes).toBeGreaterThan(1);
      expect(await stateOf('phone')).toMatchObject({ state: 'live', kind: 'whip' });

      await expect(signal(newSession(), 'offer', await offerOfAnother())).rejects.toMatchObject({
        code: 'already-publishing',
      });
      await signal(session, 'end');
      await hangUp();
      stop();
      await until(async () => (await stateOf('phone'))?.state === 'no-signal', { timeoutMs: 20_000 });
    },
    60_000,
  );

  it.each(['vp8', 'h264'])(
    '%s that changes its size begins an epoch of that size, which plays alone, and tells it',
    async (codec) => {
      const procedure = await station.procedure();
      const session = newSession();
      const { sdp } = await signal(session, 'offer', await offer(codec), 'screen');
      await accept(sdp ?? '');
      await station.untilRing('screen', (found) => found.length >= 2, 'two fragments of the first size', procedure);
      await page.evaluate(async () => {
        const [sender] = (globalThis as unknown as { peer: RTCPeerConnection }).peer.getSenders();
        const parameters = sender?.getParameters();
        for (const encoding of parameters?.encodings ?? []) encoding.scaleResolutionDownBy = 2;
        if (parameters) await sender?.setParameters(parameters);
      });
      const half = (of: RingFragment[]) => of.filter(({ headers }) => headers.width === 320);
      const fragments = await station.untilRing(
        'screen',
        (found) => half(found).length >= 2,
        'two fragments of the second size',
        procedure,
      );
      await signal(session, 'end', undefined, 'screen');
      await hangUp();
      const before = fragments.filter(({ headers }) => headers.width === 640);
      expect(new Set(half(fragments).map(({ headers }) => headers.epoch)).size).toBe(1);
      const [first] = half(fragments);
      expect(before.map(({ headers }) => headers.epoch)).not.toContain(first?.headers.epoch);
      for (const [own, width, height] of [
        [before, 640, 360],
        [half(fragments), 320, 180],
      ] as const) {
        const last = own.filter(({ headers }) => headers.epoch === own.at(-1)?.headers.epoch);
        const [path = ''] = await station.files(last);
        const sizes = new Set<string>();
        const decoded = await decodeFrames(path, (frame) => void sizes.add(`${frame.width}x${frame.height}`));
        expect([...sizes]).toEqual([`${width}x${height}`]);
        expect(decoded).toBe(last.reduce((sum, { headers }) => sum + headers.frames, 0));
      }
      const told = await station.events('capture-edge.source.format-changed');
      expect(told.findLast(({ sourceId }) => sourceId === 'screen')).toMatchObject({
        epoch: first?.headers.epoch,
        width: 320,
        height: 180,
      });
      await until(async () => (await stateOf('screen'))?.state === 'no-signal', { timeoutMs: 20_000 });
    },
    90_000,
  );

  const offerOfAnother = () =>
    page.evaluate(async () => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'sendonly' });
      const { sdp } = await peer.createOffer();
      peer.close();
      return sdp ?? '';
    });

  it('refuses what it cannot take, with the reason', async () => {
    const session = newSession();
    await expect(signal(session, 'offer', 'hello')).rejects.toMatchObject({ code: 'invalid-offer' });
    await expect(signal(session, 'offer', 'v=0\r\nm=audio 9 x 0\r\n')).rejects.toMatchObject({
      code: 'no-common-codec',
    });
    await expect(signal(session, 'offer', 'v=0', 'pattern')).rejects.toMatchObject({ code: 'not-a-whip-source' });
    await expect(signal(session, 'offer', 'v=0', 'none')).rejects.toMatchObject({ code: 'unknown-source' });
    await expect(signal(session, 'candidates', 'a=mid:0')).rejects.toMatchObject({ code: 'unknown-session' });
    await signal(session, 'end');
  });
});
