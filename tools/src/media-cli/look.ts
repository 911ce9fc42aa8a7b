import { decodeSource, pictureHash, probe } from '@smartbox/media/native';
import { inputError } from '@smartbox/kernel';
import { frameProgress, type Answer, type Work } from '../file-verb.ts';

export async function look(file: string): Promise<Answer> {
  const facts = await probe(file);
  const { frameRate, gop, sampleAspect, turn } = facts;
  const samples = sampleAspect.num === sampleAspect.den ? '' : `  samples ${sampleAspect.num}:${sampleAspect.den}`;
  const { sps, ...json } = facts;
  return {
    json: { file, ...json, sar: sps?.sar ?? null },
    lines: [
      `${facts.container}  ${facts.codec} ${facts.profile} level ${facts.level}`,
      `${facts.width}x${facts.height}${facts.interlaced ? ' interlaced' : ''}  ${facts.chroma} ${facts.bitDepth} bit${samples}${turn ? '  turned or mirrored when it is shown' : ''}`,
      `${facts.frames} frames, ${(facts.durationMs / 1000).toFixed(3)} s, ${(frameRate.num / frameRate.den).toFixed(3)} per second${facts.constantFrameRate ? '' : ' (variable)'}`,
      `GOPs of up to ${gop.maxFrames} frames, ${gop.closed ? 'closed' : 'open'}${gop.bFrames ? ', with B-frames' : ''}`,
      ...facts.audioTracks.map((track) => `audio: ${track.codec} ${track.sampleRate} Hz, ${track.channels} channels`),
    ],
  };
}

export async function hash(file: string, work: Work): Promise<Answer> {
  const hashes: string[] = [];
  const progress = frameProgress(work, 'hashing');
  await decodeSource(
    file,
    (frame) => {
      hashes.push(pictureHash(frame));
      if (hashes.length % 25 === 0) progress({ frames: hashes.length, totalFrames: null });
    },
    work.signal,
  );
  if (hashes.length === 0) throw inputError('no-frames', `${file} has no frame that can be decoded`);
  return { json: { file, algorithm: 'sha256', frames: hashes.length, hashes }, lines: hashes };
}
