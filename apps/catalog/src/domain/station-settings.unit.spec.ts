import { StationConfig } from '@smartbox/contracts';
import { describe, expect, it } from 'vitest';
import { stationSettings, withoutSecrets } from './station-settings.ts';

describe('what a station is set to', () => {
  it.each([
    ['rtsp://admin:geheim@10.0.0.7:554/stream1', 'rtsp://***@10.0.0.7:554/stream1'],
    ['srt://10.0.0.8:9000?passphrase=geheim&mode=caller', 'srt://10.0.0.8:9000?***'],
    ['udp://239.1.1.1:5000', 'udp://239.1.1.1:5000'],
    ['/dev/v4l/by-id/usb-0-video-index0', '/dev/v4l/by-id/usb-0-video-index0'],
  ])('shows %s as %s', (address, shown) => {
    expect(withoutSecrets(address)).toBe(shown);
  });

  it('has its defaults, and no password anywhere', () => {
    const sources = [{ id: 'cam', name: 'Kamera', kind: 'rtsp', url: 'rtsp://u:geheim@h/s' }];
    const shown = stationSettings(StationConfig.parse({ id: 'or-1', name: 'OP 1', sources }));
    expect(shown).toMatchObject({ windowSeconds: 900, sources: [{ sourceId: 'cam', frameRate: 30, pacs: true }] });
    expect(JSON.stringify(shown)).not.toContain('geheim');
  });
});
