import type { VideoFacts } from '@smartbox/contracts';
import type { MediaProbe } from '@smartbox/media/native';

/** FFmpeg's names of demuxers to ours. */
function container(name: string): VideoFacts['container'] {
  if (name.includes('mp4')) return 'mp4';
  if (name.includes('mpegts')) return 'mpegts';
  return name.includes('matroska') ? 'matroska' : 'other';
}

const chromas: readonly VideoFacts['chroma'][] = ['4:2:0', '4:2:2', '4:4:4', '4:0:0'];

/** The probe of a bitstream as the contracts carry it. */
export function factsOf(probe: MediaProbe): VideoFacts {
  return {
    container: container(probe.container),
    codec: probe.codec,

    profile: probe.profile,
    level: probe.level,
    width: probe.width,
    height: probe.height,
    frameRate: { num: probe.frameRate.num, den: probe.frameRate.den },
    constantFrameRate: probe.constantFrameRate,
    frames: probe.frames,
    durationMs: probe.durationMs,
    chroma: chromas.find((chroma) => chroma === probe.chroma) ?? 'unknown',
    bitDepth: probe.bitDepth,
    interlaced: probe.interlaced,
    bFrames: probe.gop.bFrames,
    closedGop: probe.gop.closed,
    audioTracks: probe.audioTracks.length,
  };
}
