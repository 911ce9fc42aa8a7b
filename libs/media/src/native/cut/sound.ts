import { readMovie, type SampleList, type Track } from '@smartbox/recording/mp4';
import { FormatContext, Rational } from 'node-av/lib';
import { openBytes } from '../../bytes/byte-source.ts';
import { check } from '../av.ts';
import { AudioCut } from './audio-cut.ts';
import type { CutPart } from './plan.ts';
import { breathe, type SourceIndex } from './source-index.ts';

/** The sound of a film, cut already, in a file of its own from which it is taken packet by packet. */
export interface Sound {
  readonly path: string;
  readonly track: Track;
  readonly samples: SampleList;
  /** So many ticks pass before its first packet. */
  readonly startTicks: number;
}

/**
 * Writes the sound that belongs to the parts into an MP4 of its own: its muxer knows how each codec stands there.
 * `sound` is null where there is none, or none that can be kept; then the note says why.
 */
export async function cutSound(
  path: string,
  sources: readonly SourceIndex[],
  parts: readonly CutPart[],
  signal?: AbortSignal,
): Promise<{ sound: Sound | null; note: string | null }> {
  if (!sources.some(({ audio }) => audio)) return { sound: null, note: null };
  const { cut, note } = await AudioCut.open(sources, parts);
  const parameters = cut?.parameters;
  if (!cut || !parameters) return { sound: null, note };
  const output = new FormatContext();
  try {
    check(output.allocOutputContext2(null, 'mp4', path), `write ${path}`);
    const stream = output.newStream(null);
    check(parameters.copy(stream.codecpar), 'copy the audio parameters');
    stream.codecpar.codecTag = 0;
    stream.codecpar.initialPadding = 0; // the times say it all
    stream.timeBase = new Rational(1, parameters.sampleRate);
    check(output.openOutputSync(), `write ${path}`);
    check(output.writeHeaderSync(null), `write ${path}`);
    for (let count = 0, next = cut.next(); next; count++, next = cut.next()) {
      const { packet } = next;
      packet.streamIndex = stream.index;
      packet.rescaleTs({ num: 1, den: parameters.sampleRate }, stream.timeBase);
      packet.pos = -1n;
      check(output.writeFrameSync(packet), `write ${path}`);
      if (count % 500 === 499) await breathe(signal);
    }
    check(output.writeTrailerSync(), `finish ${path}`);
  } finally {
    output.closeOutputSync();
    output.freeContext();
    await cut.close();
  }
  return { sound: await readSound(path), note };
}

async function readSound(path: string): Promise<Sound | null> {
  const bytes = await openBytes(path);
  if (!bytes) return null;
  try {
    const movie = await readMovie(bytes);
    const [track] = movie?.tracks ?? [];
    if (!movie || !track || track.samples.count === 0) return null;
    const empty = track.edits.find(({ mediaTime }) => mediaTime < 0)?.duration ?? 0;
    const startTicks = Math.round((empty * track.timescale) / movie.timescale);
    return { path, track, samples: track.samples, startTicks };
  } finally {
    await bytes.close();
  }
}
