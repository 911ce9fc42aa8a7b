import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';

/** What the headers of a JPEG say. */
export interface JpegFacts {
  width: number;
  height: number;
  bitDepth: number;
  components: number;
  /** Process 1 of ISO/IEC 10918-1: the only one transfer syntax .50 holds. */
  baseline: boolean;
  /** False for an Adobe JPEG that says its components are RGB. */
  ycc: boolean;
}

const MAX_HEADER = 1 << 20;

/**
 * Reads size and process of a JPEG out of its frame header (ISO/IEC 10918-1 B.2.2).
 * @throws SmartBoxError `not-jpeg`
 */
export async function readJpegFacts(source: ByteSource): Promise<JpegFacts> {
  let ycc = true;
  let at = 2;
  if (Buffer.from(await source.read(0, 2)).toString('hex') !== 'ffd8')
    throw inputError('not-jpeg', 'The payload has no SOI marker');
  while (at < Math.min(source.size, MAX_HEADER)) {
    const head = Buffer.from(await source.read(at, 18));
    if (head.length < 18 || head[0] !== 0xff) break;
    const marker = head.readUInt8(1);
    // every frame header, SOF0 to SOF15, without DHT, JPG and DAC
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [bitDepth, components] = [head.readUInt8(4), head.readUInt8(9)];
      return {
        width: head.readUInt16BE(7),
        height: head.readUInt16BE(5),
        bitDepth,
        components,
        baseline: marker === 0xc0,
        ycc,
      };
    }
    if (marker === 0xee && head.toString('latin1', 4, 9) === 'Adobe') ycc = head.readUInt8(15) !== 0;
    at += marker === 0xff ? 1 : 2 + head.readUInt16BE(2);
  }
  throw inputError('not-jpeg', 'The payload has no frame header (SOF)');
}
