import { runDevice } from './devices/run-device.ts';
import { inputAddress } from './input-address.ts';
import { ingestFrom } from './ingest.ts';
import type { IngestHandlers, IngestOptions } from './ingest-paths.ts';

/**
 * Takes the video of any kind of input and delivers H.264 access units on the station's monotonic clock until it ends or
 * `signal` aborts. A file is played in real time, again and again.
 * @throws SmartBoxError as `ingestFrom` and, for devices, `runDevice`.
 */
export async function runIngest(options: IngestOptions, handlers: IngestHandlers): Promise<void> {
  const { kind } = options;
  if (kind === 'v4l2') return runDevice(options, handlers);
  return ingestFrom(inputAddress(kind, options), options, handlers);
}
