import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { BranchResult } from './branch.ts';

/** The multivariant playlist over the variants' own playlists (RFC 8216 4.3.4.2); rates are measured, not guessed. */
export async function writeMasterPlaylist(
  folder: string,
  variants: readonly BranchResult[],
  frameRate: { readonly num: number; readonly den: number },
): Promise<void> {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  for (const { output, width, height, codecString, soundCodec } of variants) {
    const { peak, average } = await bitrates(output);
    // every format of the variant (RFC 8216 4.3.4.2), or none of them
    const codecs = codecString ? `,CODECS="${[codecString, soundCodec].filter(Boolean).join(',')}"` : '';
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${peak},AVERAGE-BANDWIDTH=${average},RESOLUTION=${width}x${height}${codecs},FRAME-RATE=${(frameRate.num / frameRate.den).toFixed(3)}`,
      relative(folder, output),
    );
  }
  await writeFile(join(folder, 'master.m3u8'), `${lines.join('\n')}\n`);
}

/** Highest rate of a segment and that of the whole, bits per second. */
async function bitrates(playlist: string): Promise<{ peak: number; average: number }> {
  let peak = 0;
  let bits = 0;
  let total = 0;
  let seconds = 0;
  for (const line of (await readFile(playlist, 'utf8')).split('\n')) {
    if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice(8));
    else if (line !== '' && !line.startsWith('#') && seconds > 0) {
      const size = 8 * (await stat(join(dirname(playlist), line))).size;
      peak = Math.max(peak, size / seconds);
      bits += size;
      total += seconds;
    }
  }
  return { peak: Math.ceil(peak), average: total > 0 ? Math.ceil(bits / total) : 0 };
}
