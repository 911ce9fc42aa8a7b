import type { Derivation, EditClip, Enhancement, Imported, LossyCompression, VideoFacts } from '@smartbox/contracts';
import { compressionRatio } from '@smartbox/dicom';
import { edit, startEdit, timelineOf, type FrameRange } from '@smartbox/recording';
import type { FilmJobs, Part } from './film-jobs.ts';

/** Names a source on the timeline, as the editor does. */
const nameOf = ({ clipId, sourceId }: { clipId: string; sourceId: string }): string => `${clipId}/${sourceId}`;

export interface Film {
  /** Each file once. */
  readonly sources: EditClip['sources'];
  readonly ranges: readonly FrameRange[];
  readonly parts: readonly Part[];
}

/** What the steps leave of the sources. @throws SmartBoxError `bad-frame-range`, `nothing-left`, `source-unknown`. */
export function filmOf({ sources, steps }: Pick<EditClip, 'sources' | 'steps'>): Film {
  const start = startEdit(sources.map((source) => ({ source: nameOf(source), frames: source.frames })));
  const ranges = timelineOf(steps.reduce(edit, start));
  const each = [...new Map(sources.map((source) => [nameOf(source), source])).values()];
  const used = each.filter((source) => ranges.some((range) => range.source === nameOf(source)));
  const numbers = new Map(used.map((source, i) => [nameOf(source), i]));
  const parts = ranges.map(({ source, from, to }) => ({ source: numbers.get(source) ?? 0, from, to }));
  return { sources: used, ranges, parts };
}

type Cut = FilmJobs['cut']['answer'];
const LOSSY = { code: '113040', scheme: 'DCM', meaning: 'Lossy Compression' };
const SMOOTHING = { code: '113087', scheme: 'DCM', meaning: 'Smoothing' };
const UNSHARP = { code: '113089', scheme: 'DCM', meaning: 'Unsharp mask' };
/** Lossy Image Compression Method by codec, PS3.3 C.7.6.1.1.5.1. */
const METHODS: Readonly<Record<string, string>> = {
  h264: 'ISO_14496_10',
  hevc: 'ISO_23008_2',
  mpeg2video: 'ISO_13818_2',
  mpeg2: 'ISO_13818_2',
  mjpeg: 'ISO_10918_1',
};
const methodOf = (codec: string): string => METHODS[codec] ?? 'ISO_14496_10';

/** Derivation Description and Derivation Code Sequence (PS3.3 C.7.6.1.1.3, PS3.16 CID 7203) of an edited film. */
export function derivationOf(
  film: Film,
  cut: Cut,
  enhanced: { enhance: Enhancement; filters: string } | undefined,
  made: { source: VideoFacts; sourceBytes: number; result: VideoFacts; bytes: number },
): Derivation {
  const shown = film.ranges.slice(0, 12).map((range) => {
    const camera = range.source.split('/').at(-1) ?? '';
    return `${camera} ${range.from}-${range.to}`;
  });
  const more = film.ranges.length > shown.length ? ` and ${film.ranges.length - shown.length} more parts` : '';
  const lossy = cut.reencodedFrames > 0 || enhanced !== undefined;
  const said = [
    `Cut from captured video, frames counted from 0, end exclusive: ${shown.join(', ')}${more}.`,
    enhanced
      ? `Enhanced (${enhanced.enhance.recipe}) with the filters ${enhanced.filters || 'none'}; all frames encoded anew.`
      : `${cut.copiedFrames} frames copied unchanged, ${cut.reencodedFrames} encoded anew.`,
  ];
  const filters = enhanced?.filters ?? '';
  return {
    description: said.join(' ').slice(0, 1024),
    codes: [
      ...(lossy ? [LOSSY] : []),
      ...(/hqdn3d|nlmeans/.test(filters) ? [SMOOTHING] : []),
      ...(filters.includes('unsharp') ? [UNSHARP] : []),
    ],
    lossyHistory: [
      ...(lossy ? [{ method: methodOf(cut.codec), ratio: compressionRatio(made.source, made.sourceBytes) }] : []),
      { method: methodOf(made.result.codec), ratio: compressionRatio(made.result, made.bytes) },
    ],
  };
}

/** The same of a clip that was cut exactly out of the ring. @param losses every lossy compression, oldest first */
export function derivationOfHead(
  { copiedFrames, reencodedFrames }: { copiedFrames: number; reencodedFrames: number },
  losses: LossyCompression[],
): Derivation {
  return {
    description: `Cut from captured video: ${copiedFrames} frames unchanged, the first ${reencodedFrames} encoded anew.`,
    codes: [LOSSY],
    lossyHistory: losses,
  };
}

/** The same of a record of another system. Undefined: its frames are those of the record. */
export function derivationOfImport(
  { codec, copiedFrames, reencodedFrames }: Imported,
  losses: LossyCompression[],
): Derivation | undefined {
  if (reencodedFrames === 0) return undefined;
  return {
    description: `Imported from a record of another system (${codec}): ${copiedFrames} frames unchanged, ${reencodedFrames} encoded anew.`,
    codes: [LOSSY],
    lossyHistory: losses,
  };
}

/** The same of an exported film. @param before how the edit that it was made of differs from what was captured */
export function exportDerivation(
  made: {
    profile: string;
    filters: string;
    video: VideoFacts;
    bytes: number;
    sourceCodec: string;
    sourceBytes: number;
  },
  before: Derivation | undefined,
): Derivation {
  const { profile, filters, video, bytes, sourceCodec, sourceBytes } = made;
  const method = METHODS[video.codec];
  const said = `Exported as ${profile}${filters ? '; parts of the picture were hidden for good' : ''}.`;
  const history = before?.lossyHistory ?? [
    { method: methodOf(sourceCodec), ratio: compressionRatio(video, sourceBytes) },
  ];
  return {
    description: [before?.description ?? [], said].flat().join(' ').slice(0, 1024),
    codes: [LOSSY, ...(before?.codes ?? []).filter(({ code }) => code !== LOSSY.code)],
    lossyHistory: [...history, ...(method ? [{ method, ratio: compressionRatio(video, bytes) }] : [])],
  };
}
