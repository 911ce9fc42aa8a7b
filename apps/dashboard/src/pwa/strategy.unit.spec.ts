import { describe, expect, it } from 'vitest';
import { strategyFor } from './strategy.ts';

const origin = 'http://127.0.0.1:8080';
const get = (path: string, more = {}) =>
  strategyFor({ method: 'GET', mode: 'cors', url: path.startsWith('http') ? path : origin + path, ...more }, origin);

describe('the service worker', () => {
  it('keeps the app, and nothing of a patient', () => {
    expect(get('/assets/index-abc.js')).toBe('asset');
    expect(get('/manifest.webmanifest')).toBe('asset');
    expect(get('/console/or-1', { mode: 'navigate' })).toBe('shell');
    for (const path of [
      '/api/v1/clips',
      '/api/v1/feed',
      '/api/v1/clips/x/sources/y/video',
      '/api/v1/clips.csv',
      '/metrics',
      'http://127.0.0.1:8084/hls/or-1/a/index.m3u8',
    ]) {
      expect(get(path), path).toBe('network');
      expect(get(path, { mode: 'navigate' }), path).toBe('network');
    }
    expect(get('/assets/index-abc.js', { method: 'POST' })).toBe('network');
  });
});
