import { probe, spriteSheet, takePicture, takeStill, transcode, videoFacts } from '@smartbox/media/native';
import { serveChild } from '@smartbox/media';
import type { Job, JobProgress } from './jobs.ts';

const POSTER_WIDTH = 640;
const TILE_WIDTH = 240;
/** Frames compared with what the encoder was given, evenly spread. */
const COMPARED = 300;

serveChild<Job, JobProgress, unknown>(async (job, { progress, signal }) => {
  switch (job.kind) {
    case 'facts':
      return videoFacts(await probe(job.input));
    case 'poster':
      return takePicture(job.input, { ms: job.atMs }, { width: POSTER_WIDTH });
    case 'still':
      return takeStill(job.input, job.frame, job.format, signal);
    case 'sprite': {
      const sheet = await spriteSheet(job.input, { count: job.count, thumbWidth: TILE_WIDTH });
      return {
        jpeg: sheet.jpeg,
        width: sheet.columns * sheet.thumbWidth,
        height: sheet.rows * sheet.thumbHeight,
        columns: sheet.columns,
        rows: sheet.rows,
        tileWidth: sheet.thumbWidth,
        tileHeight: sheet.thumbHeight,
        count: sheet.count,
      };
    }
    case 'encode': {
      let last = -1;
      const { input, output, target, width, height, frameRate } = job;
      const { encoder, durationMs, closeness, notes } = await transcode({
        input,
        output,
        target,
        width,
        height,
        frameRate,
        encoder: job.encoder,
        compare: COMPARED,
        signal,
        onProgress: ({ frames, totalFrames }) => {
          const percent = totalFrames ? Math.min(99, Math.floor((100 * frames) / totalFrames)) : 0;
          if (percent > last) progress({ percent: (last = percent) });
        },
      });
      return { encoder, durationMs, notes, ...(closeness ? { closeness } : {}) };
    }
  }
});
