import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';

/** What the main header of a JPEG 2000 code stream says. */
export interface Htj2kFacts {
  width: number;
  height: number;
  components: number;
  bitDepth: number;
  /** The block coder of ISO/IEC 15444-15; false for plain JPEG 2000. */
  highThroughput: boolean;
  /** The reversible 5-3 wavelet: lossless, as long as nothing was cut off. */
  reversible: boolean;
  /** The multiple component transform: RCT with the reversible wavelet, ICT with the other (ISO/IEC 15444-1 annex G). */
  componentTransform: boolean;
  progression: 'LRCP' | 'RLCP' | 'RPCL' | 'PCRL' | 'CPRL';
  decompositions: number;
  /** Are there tile-part lengths (TLM)? */
  tileLengths: boolean;
}

const progressions = ['LRCP', 'RLCP', 'RPCL', 'PCRL', 'CPRL'] as const;
const MAX_HEADER = 1 << 16;

/**
 * Reads the main header of a code stream: SIZ, CAP, COD, TLM (ISO/IEC 15444-1 A.4 to A.7).
 * @throws SmartBoxError `not-htj2k`
 */
export async function readHtj2kFacts(source: ByteSource): Promise<Htj2kFacts> {
  const bytes = Buffer.from(await source.read(0, Math.min(source.size, MAX_HEADER)));
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xff4f)
    throw inputError('not-htj2k', 'The frame is no JPEG 2000 code stream: SOC is missing (ISO 15444-1 A.4.1)');
  const segments = new Map<number, Buffer>();
  for (let at = 2; at + 4 <= bytes.length && bytes.readUInt16BE(at) !== 0xff90;) {
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    segments.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, end));
    at = end;
  }
  const siz = segments.get(0xff51);
  const cod = segments.get(0xff52);
  if (!siz || siz.length < 37 || !cod || cod.length < 10)
    throw inputError('not-htj2k', 'The code stream has no SIZ or no COD segment (ISO 15444-1 A.5.1, A.6.1)');
  const pcap = segments.get(0xff50)?.readUInt32BE(0) ?? 0;
  return {
    width: siz.readUInt32BE(2) - siz.readUInt32BE(10),
    height: siz.readUInt32BE(6) - siz.readUInt32BE(14),
    components: siz.readUInt16BE(34),
    bitDepth: (siz.readUInt8(36) & 0x7f) + 1,
    // Pcap bit 15 from the top: capabilities of part 15 (ISO/IEC 15444-15 A.2)
    highThroughput: (pcap & 0x0002_0000) !== 0,
    reversible: cod.readUInt8(9) === 1,
    componentTransform: cod.readUInt8(4) === 1,
    progression: progressions[cod.readUInt8(1)] ?? 'LRCP',
    decompositions: cod.readUInt8(5),
    tileLengths: segments.has(0xff55),
  };
}
