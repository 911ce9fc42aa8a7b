import { serveChild } from '@smartbox/media';
import { encodeRingHead } from '@smartbox/media/native';
import type { HeadAnswer, HeadAsk } from '../domain/head.ts';

serveChild<HeadAsk, never, HeadAnswer>(({ lead, sampleEntry, samples, ...gop }) => {
  const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const made = encodeRingHead({ ...gop, sampleEntry: asBuffer(sampleEntry), samples: asBuffer(samples) }, lead);
  const { quality, sampleEntry: entry, ...head } = made;
  const psnr = quality.psnr.average;
  return {
    ...head,
    ...(entry ? { sampleEntry: entry } : {}),
    psnr: psnr === 'inf' ? null : psnr,
    ssim: quality.ssim.average,
  };
});
