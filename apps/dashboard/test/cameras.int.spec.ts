import { StationConfig } from '@smartbox/contracts';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { accessibilityFaults } from './browser.ts';
import { Door } from './door.ts';
import { caller, signedIn, viewer } from './fixture-access.ts';
import { stationSettings } from './fixture-admin.ts';
import { station } from './fixture-data.ts';
import { devices, grabber } from './fixture-devices.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const phone = { viewport: { width: 390, height: 844 } };
const english = { locale: 'en-GB', colorScheme: 'dark' } as const;

const stage = new ScreenStage();
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) =>
  stage.open(path, { viewport: { width: 1440, height: 900 }, ...options });
const asked = (path: string) => server.requests.filter((request) => request.path === path).length;
const testPicturesOnly = () => {
  const [first] = station().sources;
  server.others = [];
  server.station = station({ sources: [{ ...first!, kind: 'synthetic' }] });
  const [settings] = stationSettings;
  const sources = settings!.sources.map((source) => ({ ...source, kind: 'synthetic' }));
  server.overrides.set('GET /station-settings', { status: 200, body: { items: [{ ...settings!, sources }] } });
};

const LOOK = '/stations/or-1/device-picture';
const picture = { width: 1920, height: 1080, pixelFormat: 'MJPG', firstPictureMs: 240 };
/** As a camera might see it, 960x540. */
async function jpegOf(page: Page): Promise<string> {
  const camera = await page.context().newPage();
  await camera.setContent(
    '<body style="margin:0;height:540px;background:radial-gradient(circle,#e9a39a,#7c1f1c 45%,#120505 75%)">',
  );
  const jpeg = await camera.screenshot({ type: 'jpeg', clip: { x: 0, y: 0, width: 960, height: 540 } });
  await camera.close();
  return jpeg.toString('base64');
}

describe('the cameras of a station', () => {
  it('are shown with signal, use and modes, tested where they are configured, and chosen for the file', async () => {
    const page = await open('/admin/stations/or-1', {
      viewport: { width: 1440, height: 1300 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.getByTestId('find-cameras').click();
    const hdmi = page.getByTestId('device-/dev/video0');
    await hdmi.waitFor();
    expect(await hdmi.innerText()).toContain('Signal: 1920 × 1080 · 59,94 B/s');
    expect(await hdmi.getByTestId('configured').innerText()).toContain('Endoskop (endoscope)');
    expect(await hdmi.getByTestId('mode-3840x2160').innerText()).toMatch(/3840 × 2160 4K\s.*30 B\/s NV12/s);
    await hdmi.getByTestId('test-endoscope').click();
    await hdmi.getByText('Station antwortet in 4 ms, Bild nach 420 ms').waitFor();

    const brio = page.getByTestId('device-/dev/video2');
    expect(await brio.getByTestId('configured').innerText()).toBe('noch keine Bildquelle dieser Station');
    expect(await brio.getByTestId('mode-1920x1080').innerText()).toContain('7,5 B/s MJPG – so nicht einstellbar');
    expect(await brio.getByTestId('mode-160x120').count()).toBe(0);
    await brio.getByRole('button', { name: '1 kleinere Größe zeigen' }).click();
    await brio.getByTestId('mode-160x120').waitFor();
    const sdi = await page.getByTestId('device-/dev/video4').innerText();
    expect(sdi).toContain('Kein Bildsignal: am Eingang liegt nichts an');
    expect(sdi).toContain('Kein dauerhafter Name: Nach dem nächsten Start kann /dev/video4 eine andere Kamera sein.');
    expect(await page.getByTestId('device-problems').innerText()).toContain('group "video"');

    await brio.getByRole('button', { name: '3840 × 2160 · 30 B/s MJPG' }).click();
    await brio.getByTestId('source-name').fill('Übersicht');
    await hdmi.getByRole('button', { name: 'Wie es ankommt: 1920 × 1080 · 60 B/s' }).click();
    await hdmi.getByRole('link', { name: 'Zum Text für die Datei' }).click();
    await page.getByTestId('copy-yaml').first().waitFor();
    const [add, change] = await page.getByTestId('yaml').allInnerTexts();
    expect(parse(`sources:\n${add}`)).toEqual({
      sources: [
        {
          id: 'uebersicht',
          name: 'Übersicht',
          kind: 'v4l2',
          url: '/dev/v4l/by-id/usb-046d_Logitech_BRIO_8E3F1A2C-video-index0',
          width: 3840,
          height: 2160,
          frameRate: 30,
          bitrate: 32_000_000,
        },
      ],
    });
    expect(parse(change ?? '')).toEqual({ url: grabber.stablePath, frameRate: 60, bitrate: 16_000_000 });
    const file = await page.getByTestId('station-file').innerText();
    expect(file).toContain('In config/stations/or-1.yaml im Eintrag „id: endoscope“ diese Zeilen ändern:');
    expect(file).toContain('Das gilt nach einem Neustart der Station und des Servers.');
    await page.getByTestId('copy-yaml').first().click();
    await page.getByText('Kopiert').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(add?.endsWith('\n') ? add : `${add}\n`);
    await shoot(page, 'cameras-file');
    await page.evaluate('scrollTo(0, 0)');
    await shoot(page, 'cameras');
  });

  it('are found again by keyboard alone, and a choice stays', async () => {
    const page = await open('/admin/stations/or-1/devices', english);
    const mode = page.getByTestId('device-/dev/video2').getByRole('button', { name: '1920 × 1080 · 60 fps MJPG' });
    await mode.focus();
    await page.keyboard.press('Enter');
    expect(await mode.getAttribute('aria-pressed')).toBe('true');
    await page.getByTestId('yaml').waitFor();
    const before = asked('/stations/or-1/devices');
    server.overrides.set('GET /stations/or-1/devices', {
      status: 200,
      body: { ...devices, devices: devices.devices.slice(1) },
    });
    await page.getByTestId('search-again').focus();
    await page.keyboard.press('Enter');
    await page.getByText('2 devices found').waitFor();
    expect(asked('/stations/or-1/devices')).toBe(before + 1);
    expect(await mode.getAttribute('aria-pressed')).toBe('true');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('show a picture before they are a source', async () => {
    const page = await open('/admin/stations/or-1/devices', { viewport: { width: 1440, height: 1300 } });
    server.overrides.set(`POST ${LOOK}`, { status: 200, body: { ...picture, jpeg: await jpegOf(page) } });
    const look = page.getByTestId('look-/dev/video2');
    await look.getByRole('button').click();
    await eventually(() => look.innerText()).toMatch(/Aufgenommen um .+: 1920 × 1080, MJPG, erstes Bild nach 240 ms/);
    await look.getByRole('img').waitFor();
    expect(await page.evaluate('document.querySelector("figure img").naturalWidth')).toBe(960);
    await page
      .getByTestId('device-/dev/video2')
      .getByRole('button', { name: /^1280 × 720 · 60/ })
      .click();
    await look.getByRole('button').click();
    await eventually(() => asked(LOOK)).toBe(2);
    const path = '/dev/v4l/by-id/usb-046d_Logitech_BRIO_8E3F1A2C-video-index0';
    expect(stage.asked('POST', LOOK).map(({ body }) => body)).toEqual([
      { path, width: 1920, height: 1080, frameRate: 60 },
      { path, width: 1280, height: 720, frameRate: 60 },
    ]);
    // what a source captures from is tested as a source
    expect(await page.getByTestId('look-/dev/video0').count()).toBe(0);
    await shoot(page, 'camera-picture');
  });

  it('say why there is no picture', async () => {
    const page = await open('/admin/stations/or-1/devices', english);
    const look = page.getByTestId('look-/dev/video2');
    for (const [code, text] of [
      ['device-no-signal', 'No picture signal arrives. Switch the camera on'],
      ['device-missing', 'The device is no longer connected.'],
      ['device-silent', 'The device is there but delivers no pictures.'],
      ['device-busy', 'The device is in use: a source of this station or another program captures from it.'],
    ] as const) {
      const body = { type: 'about:blank', title: 'Not now', status: 409, code, detail: 'for the log' };
      server.overrides.set(`POST ${LOOK}`, { status: 409, body });
      await look.getByRole('button').click();
      await eventually(() => look.innerText()).toContain(text);
    }
    expect(await look.getByRole('img').count()).toBe(0);
    await shoot(page, 'camera-picture-refused');
  });

  it('say what to do where there are none, and where the station does not answer', async () => {
    const silent = { type: 'about:blank', title: 'Not at the moment', status: 503, code: 'station-silent', detail: 'in English' }; // prettier-ignore
    server.overrides.set('GET /stations/or-1/devices', { status: 503, body: silent });
    const page = await open('/admin/stations/or-1/devices', phone);
    await page.getByTestId('failed').waitFor();
    expect(await page.getByTestId('failed').innerText()).toContain('Läuft capture-edge auf ihrem Rechner');
    expect(asked('/stations/or-1/devices')).toBe(1);
    await page.getByRole('link', { name: 'Station einrichten' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    server.overrides.set('GET /stations/or-1/devices', { status: 200, body: { devices: [], problems: [] } });
    await page.getByTestId('search-again').click();
    await page.getByText('Keine Kamera und kein Grabber angeschlossen').waitFor();
    expect(await page.getByTestId('empty').innerText()).toContain('Netzwerkkameras');
    expect(await page.getByTestId('station-file').count()).toBe(0);
    await shoot(page, 'cameras-none-phone');
  });
});

describe('the first run', () => {
  it('leads from the rooms to the cameras and the whole file of the station', async () => {
    testPicturesOnly();
    const page = await open('/', phone);
    const notice = page.getByTestId('first-run').getByRole('link');
    await notice.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await notice.click();
    await page.getByTestId('device-/dev/video2').waitFor();
    await page.getByRole('button', { name: '1280 × 720 · 60 B/s MJPG' }).click();
    expect(await page.getByTestId('station-file').innerText()).toContain(
      'Legen Sie config/stations/or-1.yaml mit diesem Inhalt an',
    );
    const written = StationConfig.parse(parse(await page.getByTestId('yaml').innerText()));
    expect(written).toMatchObject({ id: 'or-1', name: 'OP 1', aeTitle: 'OR1', windowSeconds: 900 });
    expect(written.sources).toMatchObject([{ id: 'logitech-brio', width: 1280, height: 720, frameRate: 60 }]);
    await shoot(page, 'cameras-first-run-phone');
  });

  it('names its steps, and goes on as soon as a station is heard of', async () => {
    server.overrides.set('GET /stations', { status: 200, body: [] });
    server.heartbeats = false;
    const page = await open('/admin/stations', english);
    await page.getByRole('link', { name: 'Set up a station' }).first().click();
    await page.getByTestId('set-up-steps').waitFor();
    await page.getByText('No station has been heard of yet.').waitFor();
    expect(StationConfig.parse(parse(await page.getByTestId('yaml').innerText())).sources[0]?.kind).toBe('synthetic');
    expect(await accessibilityFaults(page)).toEqual([]);
    server.overrides.delete('GET /stations');
    server.send({ kind: 'station', station: server.station });
    await page.getByTestId('cameras-of-or-1').click();
    await page.getByTestId('cameras').waitFor();
  });

  it('is nothing for those who may not, nor where a camera runs already', async () => {
    const page = await open('/');
    await page.getByTestId('rooms').waitFor();
    expect(await page.getByTestId('first-run').count()).toBe(0);
    await page.context().close();
    testPicturesOnly();
    new Door(server, signedIn(caller(viewer)));
    const other = await open('/');
    await other.getByTestId('rooms').waitFor();
    expect(await other.getByTestId('first-run').count()).toBe(0);
    await other.goto(`${server.url}/admin/stations/or-1/devices`);
    await other.getByTestId('empty').waitFor();
    expect(asked('/stations/or-1/devices')).toBe(0);
  });
});
