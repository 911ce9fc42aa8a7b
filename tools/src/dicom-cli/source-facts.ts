import { inputError, SmartBoxError } from '@smartbox/kernel';
import {
  fileSource,
  readMp4Facts,
  readMpeg2Facts,
  readTsFacts,
  type ByteSource,
  type VideoFacts,
} from '@smartbox/dicom';
import type { MediaProbe } from '@smartbox/media/native';
import { inputSize } from './files.ts';
import type { SourceFacts } from './payload.ts';

/** What the bit stream of a file says: by our own parsers where there is one, and by FFmpeg's for the rest. */
export async function sourceFacts(path: string): Promise<SourceFacts> {
  const size = await inputSize(path);
  const { probe, quiet, videoFacts } = await import('@smartbox/media/native');
  quiet();
  const probed: MediaProbe = await probe(path).catch((error: unknown) => {
    if (!(error instanceof SmartBoxError) || error.code !== 'media-error') throw error;
    throw inputError('not-media', `${path} is no video and no picture that can be read (${error.message})`);
  });
  const facts: VideoFacts = {
    ...videoFacts(probed),
    container: containerOf(probed.container),
    frameTimesMs: probed.frameTimesMs ?? undefined,
    sound: probed.audioTracks,
  };
  const { num, den } = probed.sampleAspect;
  const shown = probed.turn?.swaps ? ([num, den] as const) : ([den, num] as const); // vertical first, PS3.3 C.7.6.3.1.7
  const sampleAspect = num === den ? undefined : shown;
  const own = await ownFacts(path, facts);
  return { ...facts, sampleAspect, ...own, closedGop: facts.closedGop, bytes: Math.min(size, probed.bytes || size) };
}

function containerOf(demuxer: string): VideoFacts['container'] {
  if (demuxer.includes('mp4')) return 'mp4';
  const names: Record<string, VideoFacts['container']> = {
    mpegts: 'mpegts',
    mpeg: 'mpeg-ps',
    mpegvideo: 'mpeg-es',
    h264: 'annex-b',
    hevc: 'annex-b',
  };
  return names[demuxer] ?? (demuxer.includes('matroska') ? 'matroska' : 'other');
}

async function ownFacts(path: string, facts: VideoFacts): Promise<Partial<SourceFacts>> {
  await using source = await fileSource(path);
  if (facts.codec === 'mpeg2video' && ['mpegts', 'mpeg-ps', 'mpeg-es'].includes(facts.container)) {
    const read = await readMpeg2Facts(source).catch((error: unknown) => {
      // MPEG-2 video in the packs of MPEG-1: no container of DICOM's
      if (error instanceof SmartBoxError && error.code === 'not-mpeg2') return undefined;
      throw error;
    });
    if (!read) return { container: 'other' };
    const { pixelAspectRatio, audioTracks: _unread, ...own } = read;
    return { ...own, sampleAspect: pixelAspectRatio };
  }
  if (facts.codec !== 'h264' && facts.codec !== 'hevc') return {};
  if (facts.container === 'mpegts') return await transportFacts(source);
  if (facts.container !== 'mp4') return {};
  const own = await readMp4Facts(source).catch(() => undefined);
  if (!own) return {};
  // a fragmented MP4 counts no samples in its moov: FFmpeg counted the packets
  if (own.container === 'fmp4') return { container: 'fmp4' };
  return own;
}

async function transportFacts(source: ByteSource): Promise<Partial<SourceFacts>> {
  try {
    // the sound is FFmpeg's to tell: what it is decides whether it may stay (PS3.5 8.2.12)
    const { audioTracks: _counted, ...own } = await readTsFacts(source);
    return own;
  } catch (error) {
    if (!(error instanceof SmartBoxError) || error.fault !== 'input') throw error;
    // packets with a time stamp each, as cameras and discs write them, are another container (ISO 13818-1 2.4.3)
    if (error.code === 'not-mpegts') return { container: 'other' };
    return { unfit: { rule: error.code, message: error.message, citation: 'PS3.5 8.2.7 to 8.2.11' } };
  }
}
