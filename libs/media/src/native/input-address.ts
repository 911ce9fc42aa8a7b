import type { OpenOptions } from './av.ts';

/** Where pictures come from. `listen`: we wait for a sender at this address. */
export interface InputAddress {
  /** `whip`: a session description file of RTP that arrives on loopback. */
  readonly kind: 'v4l2' | 'rtsp' | 'srt' | 'rtmp' | 'udp' | 'file' | 'whip';
  readonly url: string;
  readonly mode: 'pull' | 'listen';
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
}

const STALL_US = '10000000';

/** FFmpeg's address and options for each kind of input, tuned for a short start and no buffering. */
export function inputAddress(
  kind: Exclude<InputAddress['kind'], 'v4l2'>,
  input: Pick<InputAddress, 'url' | 'mode'>,
): { url: string; open: OpenOptions } {
  const live = { fflags: 'nobuffer', analyzeduration: '1500000', probesize: '2000000' };
  const listen = input.mode === 'listen';
  switch (kind) {
    case 'rtsp':
      return {
        url: input.url,
        open: {
          format: 'rtsp',
          options: listen
            ? { ...live, rtsp_flags: 'listen', listen_timeout: '86400' }
            : { ...live, rtsp_transport: 'tcp', timeout: STALL_US },
        },
      };
    case 'srt': {
      const url = /[?&]mode=/.test(input.url)
        ? input.url
        : `${input.url}${input.url.includes('?') ? '&' : '?'}mode=${listen ? 'listener' : 'caller'}`;
      return { url, open: { options: live } };
    }
    case 'rtmp':
      // with the default probe an RTMP publisher without audio is waited for in vain
      return {
        url: input.url,
        open: {
          format: 'flv',
          options: listen ? { ...live, listen: '1' } : { ...live, rtmp_live: 'live', rw_timeout: STALL_US },
        },
      };
    case 'udp':
      return {
        url: input.url,
        open: { format: 'mpegts', options: { ...live, fifo_size: '100000', overrun_nonfatal: '1' } },
      };
    case 'whip':
      return {
        url: input.url,
        open: {
          format: 'sdp',
          options: {
            ...live,
            protocol_whitelist: 'file,udp,rtp',
            localaddr: '127.0.0.1',
            // On loopback nothing is reordered: what is missing was lost before.
            reorder_queue_size: '0',
          },
        },
      };
    case 'file':
      return { url: input.url, open: {} };
  }
}
