import { box, findBox, readBoxes } from '@smartbox/recording/mp4';
import { H264, type NalCodec } from '../../video-nal.ts';
import type { ParameterSets } from './parameter-sets.ts';

/** Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12 section 12.1.3), its header included. */
const ENTRY_HEAD = 86;
const RECORDS: Readonly<Record<NalCodec['name'], string>> = { h264: 'avcC', hevc: 'hvcC' };

/** The decoder configuration record of a sample entry (ISO/IEC 14496-15 5.3.3.1, 8.3.3.1). @throws RangeError */
export const decoderConfig = (entry: Buffer, codec: NalCodec): Buffer =>
  findBox(entry.subarray(ENTRY_HEAD), RECORDS[codec.name]).body;

/** The same sample entry with other parameter sets, which all stand in it (5.4.2, 8.4.1). */
export function withParameterSets(entry: Buffer, sets: ParameterSets): Buffer {
  const type = RECORDS[sets.codec.name];
  const inner = [...readBoxes(entry.subarray(ENTRY_HEAD))].map((each) =>
    each.type === type ? box(type, sets.record()) : each.whole,
  );
  return box(sets.codec === H264 ? 'avc1' : 'hvc1', entry.subarray(8, ENTRY_HEAD), ...inner);
}
