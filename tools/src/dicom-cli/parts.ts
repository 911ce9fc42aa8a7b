import { stat } from 'node:fs/promises';
import { MAX_FRAGMENT_LENGTH, transferSyntaxes } from '@smartbox/dicom';
import { channelsOf, frameTimesOf, type Payload } from './payload.ts';
import { sourceFacts } from './source-facts.ts';

/** Where a part lies in the whole. */
export interface Part {
  startMs: number;
  firstFrame: number;
  parts: number;
  allFrames: number;
}

/**
 * The payload itself; or, where it is longer than asked for or than one fragment holds (PS3.5 A.4.6), pieces of it that
 * each begin with a keyframe and play alone.
 * @throws SmartBoxError `gop-too-large`
 */
export async function partsOf(
  whole: Payload,
  maxBytes: number | undefined,
  scratch: () => string,
): Promise<(Payload & { part?: Part })[]> {
  const syntax = transferSyntaxes.get(whole.transferSyntaxUid);
  const limit = maxBytes ?? (syntax?.fragmentable ? Infinity : MAX_FRAGMENT_LENGTH);
  const cuttable = syntax?.codec === 'h264' || syntax?.codec === 'hevc';
  if (!cuttable || whole.bytes <= limit) return [whole];
  const { splitAtKeyframes } = await import('@smartbox/media/native');
  const pieces = await splitAtKeyframes(whole.path, limit, scratch);
  const parts: (Payload & { part: Part })[] = [];
  let firstFrame = 1;
  for (const { path, startMs } of pieces) {
    const facts = await sourceFacts(path);
    const { frames, frameRate } = facts;
    const { size } = await stat(path);
    const mode = whole.mode === 'as-is' ? 'remuxed' : whole.mode;
    const reason = whole.reason ?? `cut at keyframes into ${pieces.length} objects`;
    const part = { startMs, firstFrame, parts: pieces.length, allFrames: whole.frames };
    // the rate is the whole's: a piece of one frame says none
    const rate = frames > 1 ? frameRate : whole.frameRate;
    parts.push({
      ...whole,
      path,
      temporary: true,
      bytes: size,
      shape: size,
      frames,
      frameRate: rate,
      frameTimesMs: frameTimesOf(facts, frames),
      audioChannels: channelsOf(facts),
      mode,
      reason,
      part,
    });
    firstFrame += frames;
  }
  return parts;
}
