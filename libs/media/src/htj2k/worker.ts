import { parentPort } from 'node:worker_threads';
import { toError } from '@smartbox/kernel';
import { encodeHtj2k, type Htj2kFrame, type Htj2kOptions } from './codec.ts';

/** One frame at a time; the samples come over by transfer, the code goes back the same way. */
parentPort?.on('message', (job: { frame: Htj2kFrame; options: Htj2kOptions }) => {
  encodeHtj2k(job.frame, job.options).then(
    ({ bytes, step }) => parentPort?.postMessage({ bytes, step }, [bytes.buffer as ArrayBuffer]),
    (error: unknown) => parentPort?.postMessage({ error: toError(error).message }),
  );
});
