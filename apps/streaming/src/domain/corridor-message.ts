import { ConversationPerson, Drawing } from '@smartbox/contracts';
import { z } from 'zod';

/** What the instances tell each other of one room (`conversationSubject`). */
const News = z.discriminatedUnion('t', [
  /** Repeated every second: who is not heard of for three has gone. */
  z.object({ t: z.literal('here'), person: ConversationPerson }),
  z.object({ t: z.literal('gone'), personId: z.string() }),
  z.object({ t: z.literal('drawn'), personId: z.string(), colour: z.int(), drawing: Drawing }),
]);
export type CorridorNews = z.infer<typeof News>;

export type CorridorMessage =
  { kind: 'news'; news: CorridorNews } | { kind: 'voice'; personId: string; rtp: Uint8Array };

const NEWS = 0;
const VOICE = 1;
/** Of a person: 16 random bytes in base64url. */
export const PERSON_ID_BYTES = 22;

export function writeNews(news: CorridorNews): Uint8Array {
  return Buffer.concat([Buffer.from([NEWS]), Buffer.from(JSON.stringify(news))]);
}

/** One RTP packet as it came from the person. */
export function writeVoice(personId: string, rtp: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([VOICE]), Buffer.from(personId, 'latin1'), rtp]);
}

/** Undefined for what this build does not know: a newer instance may say more. */
export function readCorridor(bytes: Uint8Array): CorridorMessage | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === VOICE && buffer.length > 1 + PERSON_ID_BYTES) {
    const personId = buffer.toString('latin1', 1, 1 + PERSON_ID_BYTES);
    return { kind: 'voice', personId, rtp: buffer.subarray(1 + PERSON_ID_BYTES) };
  }
  if (buffer[0] !== NEWS) return undefined;
  const news = News.safeParse(jsonOf(buffer.toString('utf8', 1)));
  return news.success ? { kind: 'news', news: news.data } : undefined;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
