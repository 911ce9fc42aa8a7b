import { inputError } from '@smartbox/kernel';
import type { BranchOptions } from './branch.ts';
import type { VideoTarget } from '../video-target.ts';
import type { RenderSource } from './render.ts';

export const EXPORT_PROFILES = [
  'archive',
  'archive-x264',
  'original',
  'streaming',
  'mobile',
  'webm',
  'av1',
  'mjpeg',
  'pacs',
  'hevc',
  'mpeg2',
] as const;
export type ExportProfile = (typeof EXPORT_PROFILES)[number];

/** Pictures that FFV1 keeps bit for bit, and those that only have to be laid out in another order for it. */
const FFV1_TAKES =
  /^(yuvj?4(20|22|44|11|10|40)p|yuv4(20|22|44)p(9|10|12|14|16)le|gray|gray(9|10|12|14|16)le|yuva4(20|22|44)p|gbrp(9|10|12|14|16)le|bgr0|bgra)$/;
const REORDERED: Readonly<Record<string, string>> = {
  nv12: 'yuv420p',
  nv21: 'yuv420p',
  yuyv422: 'yuv422p',
  uyvy422: 'yuv422p',
  yvyu422: 'yuv422p',
  rgb24: 'bgr0',
  bgr24: 'bgr0',
  rgb0: 'bgr0',
  gbrp: 'bgr0',
};
const X264_TAKES = /^(yuvj?4(20|22|44)p|yuv4(20|22|44)p10le|gray|gray10le)$/;

/** Height and highest rate (kbit/s) of the streaming ladder. */
const LADDER = [
  { height: 1080, rate: 6000 },
  { height: 720, rate: 3000 },
  { height: 480, rate: 1400 },
] as const;
/** One fragment every four seconds, a GOP every two: RFC 8216bis asks for aligned keyframes in all variants. */
export const SEGMENT_SECONDS = 4;
const GOP_SECONDS = 2;

/** Profiles at a constant rate, made by `transcode` for a DICOM transfer syntax. */
export const TRANSCODED: Partial<Record<ExportProfile, VideoTarget>> = {
  pacs: 'h264',
  hevc: 'hevc-main',
  mpeg2: 'mpeg2-high',
};

/** @throws SmartBoxError `profile-unknown`. */
export function exportProfile(name: string): ExportProfile {
  const known = EXPORT_PROFILES.find((profile) => profile === name);
  if (!known) throw inputError('profile-unknown', `there is no profile "${name}", only ${EXPORT_PROFILES.join(', ')}`);
  return known;
}

/** The outputs of a profile; `base` is the path without ending. */
export function branchesOf(profile: ExportProfile, source: RenderSource, base: string): BranchOptions[] {
  const rotation = source.rotation ? { rotation: source.rotation } : {};
  const rate = source.frameRate.num / source.frameRate.den;
  switch (profile) {
    case 'original':
    case 'pacs':
    case 'hevc':
    case 'mpeg2':
      return [];
    case 'mjpeg':
      return [
        {
          output: `${base}.mjpeg.avi`,
          muxer: 'avi',
          encoder: 'mjpeg',
          encoderOptions: { qmin: '2', qmax: '3', huffman: 'optimal' },
          filters: [fit(source, even(source.height)), 'scale=out_range=full'].filter(Boolean).join(','),
          pixelFormats: ['yuvj422p'],
        },
      ];
    case 'archive': {
      const options = { level: '3', g: '1', slices: '4', slicecrc: '1', coder: '1', context: '1' };
      return [
        {
          output: `${base}.archive.mkv`,
          sound: 'copy',
          muxer: 'matroska',
          encoder: 'ffv1',
          encoderOptions: options,
          pixelFormats: [lossless(source.pixelFormat)],
          hashes: true,
          ...rotation,
        },
      ];
    }
    case 'archive-x264':
      if (!X264_TAKES.test(source.pixelFormat))
        throw inputError('not-lossless', `libx264 cannot keep ${source.pixelFormat} bit for bit: use archive`);
      return [
        {
          output: `${base}.archive.mp4`,
          sound: 'copy',
          muxer: 'mp4',
          muxerOptions: { movflags: '+faststart' },
          encoder: 'libx264',
          encoderOptions: { preset: 'veryfast', qp: '0' },
          pixelFormats: [],
          hashes: true,
          ...rotation,
        },
      ];
    case 'streaming':
      return rungs(source).map(({ height, rate: kilobits }) => ({
        output: `${base}-hls/${height}p/index.m3u8`,
        sound: 'aac',
        muxer: 'hls',
        muxerOptions: {
          hls_time: String(SEGMENT_SECONDS),
          hls_playlist_type: 'vod',
          hls_segment_type: 'fmp4',
          hls_fmp4_init_filename: 'init.mp4',
          hls_segment_filename: `${base}-hls/${height}p/segment-%05d.m4s`,
          hls_flags: 'independent_segments',
        },
        encoder: 'libx264',
        encoderOptions: {
          preset: 'veryfast',
          profile: 'high',
          crf: '22',
          maxrate: `${kilobits}k`,
          bufsize: `${kilobits * 2}k`,
          'forced-idr': '1',
          'x264-params': 'scenecut=0:open-gop=0:keyint=infinite:bframes=2',
        },
        filters: fit(source, height),
        pixelFormats: ['yuv420p'],
        gopSeconds: GOP_SECONDS,
      }));
    case 'mobile':
      return [
        {
          output: `${base}.mobile.mp4`,
          sound: 'copy',
          muxer: 'mp4',
          muxerOptions: { movflags: '+faststart' },
          encoder: 'libx264',
          encoderOptions: {
            preset: 'veryfast',
            profile: 'main',
            crf: '23',
            maxrate: '2500k',
            bufsize: '5000k',
            g: String(Math.max(1, Math.round(rate * 2))),
          },
          filters: fit(source, 720),
          pixelFormats: ['yuv420p'],
        },
      ];
    case 'webm':
      return [
        {
          output: `${base}.webm`,
          sound: 'opus',
          muxer: 'webm',
          encoder: 'libvpx-vp9',
          encoderOptions: {
            crf: '30',
            b: '0',
            deadline: 'good',
            'cpu-used': '5',
            'row-mt': '1',
            g: String(Math.max(1, Math.round(rate * 4))),
          },
          filters: fit(source, 1080),
          pixelFormats: ['yuv420p'],
        },
      ];
    case 'av1':
      return [
        {
          output: `${base}.av1.mp4`,
          sound: 'copy',
          muxer: 'mp4',
          muxerOptions: { movflags: '+faststart' },
          encoder: 'libsvtav1',
          encoderOptions: { preset: '9', crf: '32', g: String(Math.max(1, Math.round(rate * 4))) },
          filters: fit(source, 1080),
          pixelFormats: ['yuv420p'],
        },
      ];
  }
}

function lossless(format: string): string {
  const kept = FFV1_TAKES.test(format) ? format.replace('yuvj', 'yuv') : REORDERED[format];
  if (!kept) throw inputError('not-lossless', `FFV1 cannot keep ${format} bit for bit`);
  return kept;
}

/** The rungs that the source fills; its own height where it is below all of them. */
function rungs({ height }: RenderSource): { height: number; rate: number }[] {
  const fitting = LADDER.filter((rung) => rung.height <= height);
  return fitting.length > 0 ? [...fitting] : [{ height: even(height), rate: 1400 }];
}

/** Upright, square pixels, at most `height` lines, even sizes. */
function fit(source: RenderSource, height: number): string {
  const lines = Math.min(even(source.height), height);
  const scaled = source.height !== lines || source.width % 2 !== 0;
  return [source.upright, ...(scaled ? [`scale=-2:${lines}:flags=lanczos`] : [])].filter(Boolean).join(',');
}

const even = (value: number): number => Math.max(2, 2 * Math.floor(value / 2));
