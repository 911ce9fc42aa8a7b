import { createWriteStream, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { AxeBuilder } from '@axe-core/playwright';
import { frameCounters, probe, videoFacts } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUnbroken, reached, ringHolds, save, smallStation, startLine, type Line } from './support.ts';

/** Where screenshots go when they are wanted: `SCREENS=docs/screens npx vitest run --project e2e conversation`. */
const screens = process.env['SCREENS'];

let line: Line;
let browser: Browser;
/** The panel in the room, and a desk elsewhere: two browsers' worth of storage and permissions. */
let room: Page;
let desk: Page;
const complaints: string[] = [];

beforeAll(async () => {
  const one = smallStation.sources.slice(0, 1);
  line = await startLine({
    stations: [
      { ...smallStation, conversation: {} },
      { ...smallStation, id: 'or-2', name: 'OP 2', aeTitle: 'OR2', sources: one, conversation: { rights: ['draw'] } },
    ],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--mute-audio',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
  for (const stationId of ['or-1', 'or-2']) await line.api.startProcedure({ stationId, emergency: {} });
  room = await open({ width: 1920, height: 1080 });
  desk = await open({ width: 1440, height: 900 });
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

async function open(viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ viewport, locale: 'de-DE', timezoneId: 'Europe/Berlin' });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on(
    'console',
    (message) => void (/Content Security Policy/.test(message.text()) && complaints.push(message.text())),
  );
  // What is heard is asked of the browser's own statistics.
  await page.addInitScript(() => {
    const peers: RTCPeerConnection[] = [];
    const Native = RTCPeerConnection;
    Object.assign(globalThis, {
      peers,
      RTCPeerConnection: class extends Native {
        constructor(...args: ConstructorParameters<typeof Native>) {
          super(...args);
          peers.push(this);
        }
      },
    });
  });
  return page;
}

/** Energy of all voices so far, as WebRTC's statistics define it; 0 is silence. */
function energy(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { peers } = globalThis as unknown as { peers: RTCPeerConnection[] };
    const reports = await Promise.all(peers.map((peer) => peer.getStats()));
    const entries = reports.flatMap((report) => [
      ...(report.values() as Iterable<{ kind?: string; totalAudioEnergy?: number }>),
    ]);
    return entries.reduce(
      (sum, { kind, totalAudioEnergy }) => sum + (kind === 'audio' ? (totalAudioEnergy ?? 0) : 0),
      0,
    );
  });
}

async function hears(page: Page): Promise<void> {
  const before = await energy(page);
  await until(async () => (await energy(page)) > before + 0.001, { what: 'a voice' });
}

/** How opaque the drawing is at a place of the picture (shares of its width and height), 0 to 255. */
function inkAt(page: Page, source: string, place: [number, number]): Promise<number> {
  return page.evaluate(
    ({ source, place: [x, y] }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`[data-testid="drawing-${source}"]`);
      const context = canvas?.getContext('2d');
      if (!canvas || !context) return -1;
      const shape = 16 / 9;
      const width = Math.min(canvas.width, canvas.height * shape);
      const height = Math.min(canvas.height, canvas.width / shape);
      const left = (canvas.width - width) / 2 + x * width;
      const top = (canvas.height - height) / 2 + y * height;
      return context.getImageData(Math.round(left), Math.round(top), 1, 1).data[3] ?? -1;
    },
    { source, place },
  );
}

/** Draws with the mouse from one place of the picture to another. */
async function drawOn(page: Page, source: string, from: [number, number], to: [number, number]): Promise<void> {
  const box = await page.getByTestId(`drawing-${source}`).boundingBox();
  if (!box) throw new Error(`${source} is not to be drawn on`);
  const width = Math.min(box.width, (box.height * 16) / 9);
  const height = Math.min(box.height, (box.width * 9) / 16);
  const at = ([x, y]: [number, number]) =>
    [box.x + (box.width - width) / 2 + x * width, box.y + (box.height - height) / 2 + y * height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 12 });
  await page.mouse.up();
}

async function shot(page: Page, name: string): Promise<void> {
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
}

const says = (sign: string) =>
  expect.poll(() => room.getByTestId('conversation-sign').innerText(), { timeout: 30_000 }).toBe(sign);

describe('a desk and a room', () => {
  it('have nothing to say to each other until the room switches it on', async () => {
    await room.goto(`${line.box.url}/console/or-1`);
    await desk.goto(`${line.box.url}/rooms/or-1`);
    await desk.getByText('Der Saal hat das Gespräch nicht eingeschaltet', { exact: false }).waitFor();
    expect(await room.getByTestId('room-conversation').count()).toBe(0);
    await room.getByTestId('conversation-switch').click();
    await room.locator('[data-testid="room-conversation"][data-phase="in"]').waitFor();
    await desk.getByTestId('conversation-name').fill('Dr. Baum');
    await desk.getByTestId('conversation-join').click();
    await desk.locator('[data-testid="conversation"][data-phase="in"]').waitFor();
    await until(async () => (await desk.getByTestId('person').allInnerTexts()).length === 2);
    expect((await desk.getByTestId('people').innerText()).replace(/\s+/g, ' ')).toContain('Dr. Baum (Sie)');
  });

  it('the room hears the desk while the button is held, and sees who it is', async () => {
    expect(await energy(room)).toBe(0);
    await desk.getByTestId('talk').hover();
    await desk.mouse.down();
    await hears(room);
    await says('Dr. Baum spricht');
    await shot(room, 'console-conversation');
    await accessible(room);
    await shot(desk, 'room-conversation');
    await accessible(desk);
    await desk.mouse.up();
    await says('Gespräch ist an');
    expect(await energy(desk)).toBe(0);
  });

  it('the room answers by one touch and stops by the next', async () => {
    await room.getByTestId('talk').click();
    await hears(desk);
    await desk.locator('[data-testid="person"][data-speaking="true"]').waitFor();
    await room.getByTestId('talk').click();
    await desk.locator('[data-testid="person"][data-speaking="true"]').waitFor({ state: 'detached' });
  });

  it('a line on the desk is on the room’s picture at the same place within a moment, and fades', async () => {
    await desk.getByTestId('pen').click();
    const [from, to]: [number, number][] = [
      [0.3, 0.4],
      [0.6, 0.7],
    ];
    const middle: [number, number] = [0.45, 0.55];
    await until(async () => (await inkAt(room, 'endoscope', middle)) === 0, { what: 'an empty picture' });
    // It is there for as long as somebody draws, and a little longer.
    const signed = room.getByTestId('conversation-sign').filter({ hasText: 'Dr. Baum zeichnet' }).waitFor();
    await drawOn(desk, 'endoscope', from ?? [0, 0], to ?? [1, 1]);
    const drawn = performance.now();
    await until(async () => (await inkAt(room, 'endoscope', middle)) > 200, { intervalMs: 20 });
    console.log(`the line is in the room ${(performance.now() - drawn).toFixed(0)} ms after the last stroke`);
    await until(async () => (await inkAt(desk, 'endoscope', middle)) > 200, { intervalMs: 20 });
    // Beside the line there is nothing, and nothing on the other picture.
    expect(await inkAt(room, 'endoscope', [0.6, 0.4])).toBe(0);
    expect(await inkAt(room, 'room', middle)).toBe(0);
    await signed;
    await shot(room, 'console-drawing');
    await until(async () => (await inkAt(room, 'endoscope', middle)) === 0, { timeoutMs: 20_000, what: 'it fades' });
    await drawOn(desk, 'endoscope', from ?? [0, 0], to ?? [1, 1]);
    await until(async () => (await inkAt(room, 'endoscope', middle)) > 200, { intervalMs: 20 });
    await room.getByTestId('clear-all').click();
    await until(async () => (await inkAt(desk, 'endoscope', middle)) === 0, { timeoutMs: 5_000 });
  });

  it('the recording knows nothing of it: every frame, no sound', async () => {
    await ringHolds(line, 'or-1', 6);
    await desk.getByTestId('talk').click();
    await hears(room);
    await drawOn(desk, 'endoscope', [0.2, 0.2], [0.8, 0.8]);
    const clipId = await save(line, 'or-1', 5);
    const clip = await reached(line, clipId, 'saved');
    await desk.getByTestId('talk').click();
    const folder = await mkdtemp(join(tmpdir(), 'smartbox-conversation-'));
    for (const { sourceId, videoUrl, frames } of clip.sources) {
      const path = join(folder, `${sourceId}.mp4`);
      const { body } = await fetch(`${line.box.url}${videoUrl}`);
      await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(path));
      const counters = await frameCounters(path);
      expect([counters.length, isUnbroken(counters)]).toEqual([frames, true]);
      expect(videoFacts(await probe(path)).audioTracks).toBe(0);
    }
    await rm(folder, { recursive: true });
    const audit = await fetch(`${line.box.url}/api/v1/clips/${clipId}/audit`);
    const { items } = (await audit.json()) as { items: { action: string; detail: Record<string, unknown> }[] };
    const spoke = items.filter(({ action }) => action === 'conversation.speak.end');
    expect(spoke.some(({ detail }) => detail['name'] === 'Dr. Baum' && detail['side'] === 'desk')).toBe(true);
    expect(items.map(({ action }) => action)).toContain('conversation.draw');
  });

  it('whoever has no right to speak listens only', async () => {
    const other = await open({ width: 412, height: 915 });
    const panel = await open({ width: 1920, height: 1080 });
    await panel.goto(`${line.box.url}/console/or-2`);
    await panel.getByTestId('conversation-switch').click();
    await panel.locator('[data-testid="room-conversation"][data-phase="in"]').waitFor();
    await other.goto(`${line.box.url}/rooms/or-2`);
    await other.getByTestId('conversation-name').fill('Gast');
    await other.getByTestId('conversation-join').click();
    await other.locator('[data-testid="conversation"][data-phase="in"]').waitFor();
    expect(await other.getByTestId('talk').isDisabled()).toBe(true);
    expect(await other.getByTestId('talk').innerText()).toContain('Nur zuhören');
    await other.getByTestId('talk').scrollIntoViewIfNeeded();
    await shot(other, 'room-conversation-phone');
    await accessible(other);
    for (const page of [other, panel]) await page.context().close();
  });

  it('one touch in the room ends it for everybody; the desk says so', async () => {
    await desk.getByTestId('talk').click();
    await hears(room);
    await room.getByTestId('conversation-end').click();
    await desk.getByText('Der Saal hat das Gespräch nicht eingeschaltet', { exact: false }).waitFor();
    const before = await energy(room);
    await room.getByTestId('room-conversation').waitFor({ state: 'detached' });
    expect(await energy(room)).toBe(before);
    expect(complaints).toEqual([]);
  });
});
