import { AV_CODEC_ID_H264 } from 'node-av/constants';
import { avGetCodecName, type Stream } from 'node-av/lib';
import { snapFrameRate, type FrameRate } from '../frame-rate.ts';
import { PacketStatistics } from './probe.ts';

/** The stream's own word (SPS timing) where the measured rate agrees, then the measured one, then `fallback`. */
export function rateOf(stream: Stream, fallback: number): FrameRate {
  const { num, den } = stream.avgFrameRate;
  const measured = num > 0 && den > 0 ? num / den : 0;
  const said = new PacketStatistics(stream).sps?.frameRate;
  const saidFps = said ? said.num / said.den : 0;
  if (said && saidFps >= 1 && saidFps <= 120 && (measured === 0 || Math.abs(measured - saidFps) < saidFps * 0.05))
    return said;
  const coarse = stream.timeBase.den <= 1000 * stream.timeBase.num;
  return measured >= 1 && measured <= 121 ? snapFrameRate(measured, coarse ? 0.015 : 0.0005) : snapFrameRate(fallback);
}

/** Why a stream cannot go into the ring as it is; null when nothing speaks against it so far. */
export function refusal(stream: Stream, seen: PacketStatistics): string | null {
  if (stream.codecpar.codecId !== AV_CODEC_ID_H264)
    return `codec ${avGetCodecName(stream.codecpar.codecId) ?? 'unknown'} is not H.264`;
  const { sps } = seen;
  if (sps) {
    if (sps.profile !== 'High' && sps.profile !== 'Main' && sps.profile !== 'Constrained Baseline')
      return `profile ${sps.profile}`;
    if (sps.chroma !== '4:2:0' || sps.bitDepth !== 8) return `${sps.chroma} with ${sps.bitDepth} bits`;
    if (sps.interlaced) return 'interlaced';
    if (sps.levelIdc > 42) return `level ${sps.levelIdc / 10}`;
  }
  if (seen.bFrames) return 'B-frames';
  if (!seen.closed) return 'open GOPs';
  if (seen.longestGop().maxMs > 3000) return `GOP of ${seen.longestGop().maxMs} ms`;
  return null;
}
