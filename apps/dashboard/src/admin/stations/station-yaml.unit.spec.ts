import type { CaptureDevice, StationSettings, StationView } from '@smartbox/contracts';
import { StationConfig } from '@smartbox/contracts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bitrateFor, piecesOf, sourceOfDevice } from './station-yaml.ts';

const device = (change: Partial<CaptureDevice> = {}): CaptureDevice => ({
  path: '/dev/video0',
  stablePath: '/dev/v4l/by-id/usb-Cam',
  name: 'HD: "Cam" #1',
  driver: 'uvcvideo',
  bus: 'usb-1',
  busy: false,
  input: { name: '' },
  modes: [],
  ...change,
});
const station = {
  stationId: 'or-1',
  name: 'OP 1',
  windowMs: 900_000,
  conversation: { rights: ['speak'] },
  sources: [],
} as unknown as StationView;
const source = { sourceId: 'endoscope', name: 'Endoskop', kind: 'v4l2', mode: 'pull', frameRate: 30, bitrate: 8_000_000, encode: 'auto', pacs: true } as const; // prettier-ignore
const settings = (...sources: StationSettings['sources']): StationSettings => ({
  stationId: 'or-1',
  name: 'OP 1',
  aeTitle: 'OR1',
  windowSeconds: 600,
  maxBytes: 2_000_000_000,
  sources,
});
const full = { width: 1920, height: 1080, frameRate: 60 };
const uhd = { width: 3840, height: 2160, frameRate: 30 };

describe('the text for a station’s file', () => {
  it('is nothing until something is chosen', () => {
    expect(piecesOf(station, undefined, [])).toEqual([]);
  });

  it('is the whole file while there are only test pictures, and keeps what else it says', () => {
    const test = { ...source, sourceId: 'test', kind: 'synthetic' };
    const chosen = [
      { device: device(), choice: full, name: ' Spül-Kamera ' },
      { device: device({ path: '/dev/video2', stablePath: '/dev/v4l/by-id/usb-2' }), choice: uhd, name: '' },
      { device: device({ path: '/dev/video4', stablePath: '/dev/v4l/by-id/usb-3' }), choice: uhd, name: '' },
    ];
    const [piece, ...more] = piecesOf(station, settings(test), chosen);
    expect(more).toEqual([]);
    expect(piece?.kind).toBe('file');
    const { sources, ...file } = StationConfig.parse(parse(piece?.text ?? ''));
    expect(file).toEqual({
      id: 'or-1',
      name: 'OP 1',
      aeTitle: 'OR1',
      windowSeconds: 600,
      maxBytes: 2_000_000_000,
      conversation: { rights: ['speak'] },
    });
    expect(sources).toMatchObject([
      { id: 'spuel-kamera', name: 'Spül-Kamera', kind: 'v4l2', url: '/dev/v4l/by-id/usb-Cam', ...full },
      { id: 'hd-cam-1', name: 'HD: "Cam" #1', url: '/dev/v4l/by-id/usb-2', ...uhd, bitrate: 32_000_000 },
      { id: 'hd-cam-1-2', name: 'HD: "Cam" #1' },
    ]);
  });

  it('is the whole file where the server has none', () => {
    const [piece] = piecesOf(station, undefined, [{ device: device(), choice: full, name: '内視鏡' }]);
    const read = StationConfig.parse(parse(piece?.text ?? ''));
    expect(read).toMatchObject({ id: 'or-1', windowSeconds: 900, sources: [{ id: 'camera', name: '内視鏡' }] });
  });

  it('is an entry that fits below the others', () => {
    const own = { ...source, sourceId: 'hd-cam-1', address: 'rtsp://10.0.0.1/a', kind: 'rtsp' };
    const [piece, ...more] = piecesOf(station, settings(own), [{ device: device(), choice: full, name: '' }]);
    expect(more).toEqual([]);
    expect(piece?.kind).toBe('add');
    const file = `id: or-1\nname: OP 1\nsources:\n  - { id: hd-cam-1, name: A, kind: rtsp, url: 'rtsp://a' }\n${piece?.text}`;
    expect(StationConfig.parse(parse(file)).sources[1]).toMatchObject({ id: 'hd-cam-1-2', kind: 'v4l2', ...full });
  });

  it('is the lines that change where a source reads the device already, under either name', () => {
    const byNumber = { ...source, address: '/dev/video0', width: 1280, height: 720 };
    expect(sourceOfDevice(device(), settings({ ...source, address: '/dev/v4l/by-id/usb-Cam' }))?.sourceId).toBe(
      'endoscope',
    );
    const comes = { ...full, asItComes: true } as const;
    const [piece] = piecesOf(station, settings(byNumber), [{ device: device(), choice: comes, name: '' }]);
    expect(piece).toMatchObject({ kind: 'change', sourceId: 'endoscope', withoutSize: true });
    const file = `id: or-1\nname: OP 1\nsources:\n  - id: endoscope\n    name: A\n    kind: v4l2\n${piece?.text}`;
    const [read] = StationConfig.parse(parse(file)).sources;
    expect(read).toMatchObject({ url: '/dev/v4l/by-id/usb-Cam', frameRate: 60, bitrate: 16_000_000 });
    expect(read?.width).toBeUndefined();
  });
});

describe('the bitrate', () => {
  it.each([
    [1280, 720, 30, 8],
    [1920, 1080, 30, 8],
    [1920, 1080, 60, 16],
    [3840, 2160, 30, 32],
    [7680, 4320, 120, 200],
  ])('of %i x %i at %i is %i Mbit/s', (width, height, frameRate, megabits) => {
    expect(bitrateFor({ width, height, frameRate })).toBe(megabits * 1_000_000);
  });
});
