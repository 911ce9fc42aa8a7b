import { Option, type Command } from 'commander';
import { collectRange, frameNumber, verb } from './verb.ts';

/**
 * `smartbox media`: works on files, without a running system. The codecs are loaded only when a verb runs.
 */
export function registerMedia(program: Command): void {
  const media = program.command('media').description('video files: look, cut, join, compare, enhance, export');

  verb(media, 'probe <file>', 'what a file holds, counted from its packets', async ([file = '']) =>
    (await import('./look.ts')).look(file),
  );
  verb(media, 'hash <file>', 'the SHA-256 of every decoded frame', async ([file = ''], _, work) =>
    (await import('./look.ts')).hash(file, work),
  );
  withProof(
    verb(media, 'trim <file>', 'cut exactly to the frame; whole GOPs are copied', async ([file = ''], options, work) =>
      (await import('./cut.ts')).trim(file, options, work),
    )
      .option('--from <frame>', 'first frame, counted from 0', frameNumber)
      .option('--to <frame>', 'end, exclusive', frameNumber)
      .option('--remove <a-b>', 'take frames a to b (exclusive) out; can be repeated', collectRange, []),
  );
  withProof(
    verb(media, 'join <file...>', 'put files one after the other', async (files, options, work) =>
      (await import('./cut.ts')).join(files, options, work),
    ),
  );
}

function withProof(command: Command): Command {
  return command
    .requiredOption('--out <file>', 'the MP4 to write')
    .addOption(
      new Option('--proof <kind>', 'compare every decoded frame, or the copied bytes only').choices([
        'frames',
        'bytes',
      ]),
    )
    .option('--manifest <file>', 'write the hash of every frame of source and cut as JSON')
    .option('--reencode', 'copy nothing');
}
