import type { StationConfig, StationSettings } from '@smartbox/contracts';

/** An address as a person may see it: without user and password, and without a query, which may hold a key. */
export function withoutSecrets(address: string): string {
  const url = URL.parse(address);
  if (!url || !/^(rtsp|rtsps|srt|rtmp|rtmps|udp|http|https):$/.test(url.protocol)) return address;
  const hidden = url.username !== '' || url.password !== '' ? '***@' : '';
  return `${url.protocol}//${hidden}${url.host}${url.pathname}${url.search === '' ? '' : '?***'}`;
}

/** What a station's file says, with its defaults filled in. */
export const stationSettings = (config: StationConfig): StationSettings => ({
  stationId: config.id,
  name: config.name,
  aeTitle: config.aeTitle,
  windowSeconds: config.windowSeconds,
  maxBytes: config.maxBytes,
  sources: config.sources.map(({ id, url, width, height, gopMs: _gop, detail: _detail, ...source }) => ({
    sourceId: id,
    ...source,
    ...(url === undefined ? {} : { address: withoutSecrets(url) }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  })),
});
