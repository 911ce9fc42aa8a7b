import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longBase64 } from './long-base64.ts';

/** In pieces of any size, as a stream gives them. */
async function read(text: string, sizes: readonly number[] = [65_536]): Promise<string> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  let all = '';
  for await (const piece of longBase64(pieces(), 'row.json')) all += piece;
  return all;
}

const video = randomBytes(3001).toString('base64');

describe('a video as base64 in JSON', () => {
  it('comes out whole, however the text is cut into pieces and escaped', async () => {
    const lines = video.replace(/.{76}/g, '$&\\r\\n').replaceAll('/', '\\/');
    const row = (text: string) => `{"patient":"Müller \\"Max\\"","note":"${'äö, '.repeat(600)}\\\\","video":"${text}"}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        expect(await read(row(lines), sizes)).toBe(video);
        expect(await read(row(`data:video/webm;codecs=vp8;base64,${video}`), sizes)).toBe(
          `data:video/webm;codecs=vp8;base64,${video}`,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is refused where there is none, more than one, or a part of one', async () => {
    await expect(read('{"patient":"A"}')).rejects.toMatchObject({ code: 'no-base64' });
    await expect(read(`[{"v":"${video}"},{"v":"${video}"}]`)).rejects.toMatchObject({ code: 'several-base64' });
    await expect(read(`{"v":"${video}`)).rejects.toMatchObject({ code: 'bad-json' });
  });
});
