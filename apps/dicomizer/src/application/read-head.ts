import type { RenditionReady } from '@smartbox/contracts';
import {
  isTransportStream,
  readHtj2kFacts,
  readJpegFacts,
  readMp4Facts,
  readMpeg2Facts,
  readTsFacts,
  type ByteSource,
} from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import { z } from 'zod';
import type { Head } from '../domain/payload.ts';
import type { Objects } from './ports.ts';

/** A list of frame lengths is a few hundred KB for an hour; more is no such list. */
const MAX_INDEX_BYTES = 16 * 1024 ** 2;
const FrameLengths = z.array(z.int().positive()).min(1);

/** What the payload's own headers say: the first bytes say what it is, whatever its name. */
export async function readHead(event: RenditionReady, source: ByteSource, objects: Objects): Promise<Head> {
  const first = Buffer.from(await source.read(0, 8));
  const start = first.toString('hex', 0, 4);
  const lengths = () => frameLengths(event, objects);
  if (start.startsWith('ffd8'))
    return { kind: 'jpeg', facts: await readJpegFacts(source), frameLengths: await lengths() };
  if (start === 'ff4fff51')
    return { kind: 'htj2k', facts: await readHtj2kFacts(source), frameLengths: await lengths() };
  if (first.toString('latin1', 4, 8) === 'ftyp') return { kind: 'mp4', facts: await readMp4Facts(source) };
  if (event.video?.codec === 'mpeg2video') return { kind: 'mpeg2', facts: await readMpeg2Facts(source) };
  if (await isTransportStream(source)) return { kind: 'mpegts', facts: await readTsFacts(source) };
  return { kind: 'unread' };
}

async function frameLengths({ framesKey, bytes }: RenditionReady, objects: Objects): Promise<readonly number[]> {
  if (framesKey === undefined) return [bytes];
  const index = await objects.open(framesKey);
  const text = index.size > MAX_INDEX_BYTES ? '' : Buffer.from(await index.read(0, index.size)).toString('utf8');
  const lengths = text === '' ? undefined : FrameLengths.safeParse(JSON.parse(text)).data;
  if (lengths) return lengths;
  throw inputError('bad-frame-index', `${framesKey} is no list of frame lengths`);
}
