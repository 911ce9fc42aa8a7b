import type { AVPixelFormat } from 'node-av/constants';
import { avGetPixFmtName } from 'node-av/lib';

/** Bits of one sample where the name of a format counts those of a pixel, or says nothing of them. */
const PACKED_DEPTHS: Readonly<Record<string, number>> = {
  rgb48: 16,
  bgr48: 16,
  rgba64: 16,
  bgra64: 16,
  x2rgb10: 10,
  x2bgr10: 10,
  p010: 10,
  p210: 10,
  p410: 10,
  p012: 12,
  p212: 12,
  p412: 12,
  p016: 16,
  p216: 16,
  p416: 16,
  y210: 10,
  y212: 12,
};

/** Bits of one sample. @param declared what the stream says, for formats whose name says nothing */
export function depthOf(format: AVPixelFormat, declared: number): number {
  const name = avGetPixFmtName(format) ?? '';
  const packed = Object.entries(PACKED_DEPTHS).find(([start]) => name.startsWith(start));
  const planar = /(?:p|gray|ya)(9|1[0-6])(?:le|be)$/.exec(name);
  return packed ? packed[1] : planar ? Number(planar[1]) : declared || 8;
}

export function chromaOf(format: AVPixelFormat): '4:2:0' | '4:2:2' | '4:4:4' | '4:0:0' {
  const name = avGetPixFmtName(format) ?? '';
  if (name.includes('422') || name.startsWith('yuyv') || name.startsWith('uyvy')) return '4:2:2';
  if (name.includes('444') || name.startsWith('rgb') || name.startsWith('bgr') || name.startsWith('gbr'))
    return '4:4:4';
  return name.startsWith('gray') ? '4:0:0' : '4:2:0';
}
