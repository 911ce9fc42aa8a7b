import type { Frame, FrameFormat } from './frame-muxer.ts';

/**
 * Messages of a live socket, as the player reads them (`apps/dashboard/src/live/frame-message.ts`):
 * text: `{"t":"session","id":…}` at the beginning: by this name the viewer takes its place again (`?instead=`);
 * text: `{"t":"format","codec":…,"width":…,"height":…}`, then binary of kind 0;
 * binary: 16 bytes (kind: 0 header, 1 picture, 2 keyframe; 7 bytes reserved; capture time as float64, ms since 1970,
 * big-endian), then `ftyp`+`moov` or `moof`+`mdat`.
 */
export const FRAME_HEADER_BYTES = 16;

export function formatText({ codec, width, height }: FrameFormat): string {
  return JSON.stringify({ t: 'format', codec, width, height });
}

export const sessionText = (id: string): string => JSON.stringify({ t: 'session', id });

export function headerMessage({ init }: FrameFormat): Buffer {
  return message(0, 0, init);
}

export function frameMessage({ keyframe, capturedAtMs, data }: Frame): Buffer {
  return message(keyframe ? 2 : 1, capturedAtMs, data);
}

function message(kind: number, capturedAtMs: number, body: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeDoubleBE(capturedAtMs, 8);
  return Buffer.concat([header, body]);
}
