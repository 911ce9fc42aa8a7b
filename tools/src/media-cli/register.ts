import { Option, type Command } from 'commander';
import { collectNames, collectRange, countFromOne, decimal, frameNumber, verb } from '../file-verb.ts';

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
  verb(media, 'still <file>', 'one frame as a picture, in full size', async ([file = ''], options, work) =>
    (await import('./still.ts')).still(file, options, work),
  )
    .requiredOption('--frame <frame>', 'counted from 0', frameNumber)
    .requiredOption('--out <file>', 'the picture to write')
    .addOption(
      new Option('--format <name>', 'jpeg, or without loss: png or htj2k; else by the ending of --out').choices([
        'jpeg',
        'png',
        'htj2k',
      ]),
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
  verb(media, 'quality <reference> <file>', 'PSNR, SSIM and XPSNR, frame by frame', async (files, options, work) =>
    (await import('./make.ts')).quality(files[0] ?? '', files[1] ?? '', options, work),
  )
    .option('--every <n>', 'compare every n-th frame only', countFromOne)
    .option('--min-psnr <dB>', 'good from here on (35)', decimal)
    .option('--min-ssim <share>', 'good from here on (0.95)', decimal);
  verb(media, 'enhance <file>', 'make an enhanced rendition; the original stays', async ([file = ''], options, work) =>
    (await import('./make.ts')).enhanceFile(file, options, work),
  )
    .requiredOption('--out <file>', 'the MP4 to write')
    .option('--recipe <name>', 'endoscopy, surgery, dermatology, microscopy or default', 'default')
    .option('--brightness <n>', '-1 to 1', decimal)
    .option('--contrast <n>', '0 to 3', decimal)
    .option('--gamma <n>', '0.1 to 5', decimal)
    .option('--saturation <n>', '0 to 3', decimal)
    .option('--sharpness <n>', '0 to 2', decimal)
    .option('--denoise <n>', '0 to 20', decimal)
    .addOption(new Option('--denoiser <name>', 'quick or slow').choices(['hqdn3d', 'nlmeans']));
  verb(media, 'export <file>', 'make copies for a purpose, several at once', async ([file = ''], options, work) =>
    (await import('./make.ts')).exportFile(file, options, work),
  )
    .requiredOption('--out <folder>', 'where the results go')
    .option(
      '--profile <names>',
      'archive, archive-x264, original, streaming, mobile, webm, av1, mjpeg, pacs, hevc, mpeg2; several with commas',
      collectNames,
      [],
    )
    .option('--no-quality', 'do not compare the results with the source');
  verb(
    media,
    'import [path...]',
    'bring old records (files, folders, DICOM videos, base64 text, dumps of a database, bare pictures) into MP4, or into a running system',
    async (paths, options, work) => (await import('./import.ts')).importFiles(paths, options, work),
  )
    .option('--out <folder>', 'where the results and the report go', 'imported')
    .addOption(
      new Option('--raw <layout>', 'of .yuy2, .uyvy, .i420, .nv12, .yuv and .raw files').choices([
        'yuy2',
        'uyvy',
        'i420',
        'nv12',
      ]),
    )
    .option('--into <address>', 'of a running system: the records become its clips')
    .option('--manifest <file>', 'with --into: CSV or JSON that names each file and whose it is')
    .option('--token <token>', 'with --into: an API token of an administrator; else SMARTBOX_TOKEN')
    .option('--station <id>', 'with --into: the room, where the manifest names none')
    .option('--report <file>', 'with --into: what became of each record (import-report.json)')
    .option('--size <width>x<height>', 'of the pictures in raw files')
    .option('--fps <n>', 'of raw files (25)', decimal);
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
