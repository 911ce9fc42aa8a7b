import { readMovie } from '@smartbox/recording/mp4';
import { CodecParameters, Dictionary, FormatContext, Rational } from 'node-av/lib';
import { openBytes } from '../../bytes/byte-source.ts';
import { H264 } from '../../video-nal.ts';
import { avError, check } from '../av.ts';
import { withParameterSets } from './decoder-config.ts';
import type { Edges } from './edges.ts';
import type { OpenSource } from './open-source.ts';
import { ParameterSets } from './parameter-sets.ts';
import type { SampleTable, SourceIndex } from './source-index.ts';

type FilmEntry = Pick<SampleTable, 'entry' | 'displayWidth' | 'displayHeight'>;

/**
 * The sample entry of a film with all its parameter sets: that of the first source, where that is an MP4 of which
 * something is copied; else as FFmpeg makes it.
 * @param scratch path of a file that may be written
 */
export async function filmEntry(
  scratch: string,
  film: { lead: SourceIndex; open: readonly (OpenSource | null)[]; sets: ParameterSets | null; edges: Edges },
): Promise<FilmEntry> {
  const { lead, open, edges } = film;
  const sets = film.sets ? copyOf(film.sets) : edges.encoder?.sets;
  if (!sets) throw avError(-22, 'describe a film without parameter sets');
  if (film.sets && edges.encoder) sets.addAll(edges.encoder.sets);
  const table = lead.table ?? open.find((source) => source?.index.table)?.index.table;
  if (film.sets && table) {
    const { displayWidth, displayHeight } = table;
    return { entry: withParameterSets(table.entry, sets), displayWidth, displayHeight };
  }
  const parameters = new CodecParameters();
  parameters.alloc();
  const from = open.find((source) => source !== null);
  if (film.sets && from) check(from.video.parameters.copy(parameters), 'copy the codec parameters');
  else edges.encoder?.parametersTo(parameters);
  parameters.extradata = sets.record();
  parameters.codecTag = sets.codec === H264 ? 'avc1' : 'hvc1';
  return entryByFfmpeg(scratch, parameters);
}

function copyOf(sets: ParameterSets): ParameterSets {
  const copy = new ParameterSets(sets.codec);
  copy.addAll(sets);
  return copy;
}

/** FFmpeg writes the head of a file without samples; its track says how a player shows such a stream. */
async function entryByFfmpeg(scratch: string, parameters: CodecParameters): Promise<FilmEntry> {
  const output = new FormatContext();
  try {
    check(output.allocOutputContext2(null, 'mp4', scratch), `write ${scratch}`);
    const stream = output.newStream(null);
    check(parameters.copy(stream.codecpar), 'copy the codec parameters');
    stream.timeBase = new Rational(1, 90_000);
    check(output.openOutputSync(), `write ${scratch}`);
    check(
      output.writeHeaderSync(Dictionary.fromObject({ movflags: '+empty_moov+default_base_moof' })),
      'write a header',
    );
    check(output.writeTrailerSync(), `finish ${scratch}`);
  } finally {
    output.closeOutputSync();
    output.freeContext();
  }
  const bytes = await openBytes(scratch);
  try {
    const [track] = (bytes && (await readMovie(bytes)))?.tracks ?? [];
    const [entry] = track?.entries ?? [];
    if (!track || !entry) throw avError(-22, 'describe the film');
    return { entry, displayWidth: track.displayWidth, displayHeight: track.displayHeight };
  } finally {
    await bytes?.close();
  }
}
