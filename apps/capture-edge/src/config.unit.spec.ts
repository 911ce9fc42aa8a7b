import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const station = { id: 'or-1', name: 'OR 1', sources: [{ id: 'cam-1', name: 'Endoscope', kind: 'synthetic' }] };
const load = (env: Record<string, string>) => loadConfig({ STATION_JSON: JSON.stringify(station), ...env });

describe('loadConfig', () => {
  it('has defaults that work', () => {
    expect(load({})).toMatchObject({
      host: '127.0.0.1',
      station: { id: 'or-1', windowSeconds: 900, sources: [{ gopMs: 1000, frameRate: 30 }] },
    });
  });

  it.each([
    ['a variable', { NATS_URL: 'http://x' }, /NATS_URL: must be an address such as nats:/],
    ['a number', { SPOOL_MAX_BYTES: 'much' }, /SPOOL_MAX_BYTES: .*expected number/],
    [
      'a field',
      { STATION_JSON: JSON.stringify({ ...station, id: 'OR 1' }) },
      /STATION_JSON: id = "OR 1": lower-case kebab/,
    ],
    [
      'a field of a source',
      { STATION_JSON: JSON.stringify({ ...station, sources: [{ id: 'a', name: 'A', kind: 'rtsp' }] }) },
      /sources\.0\.url = missing/,
    ],
    [
      'a source twice',
      { STATION_JSON: JSON.stringify({ ...station, sources: [...station.sources, ...station.sources] }) },
      /"cam-1" stands there twice/,
    ],
    [
      'a file that is not there',
      { STATION_JSON: '', STATION_FILE: '/none.yaml' },
      /STATION_FILE "\/none.yaml" cannot be read: ENOENT/,
    ],
  ])('names %s, and quotes the value of a field of the station', (_, env, message) => {
    expect(() => load(env)).toThrow(message);
  });
});
