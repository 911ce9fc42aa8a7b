import type { Benchmark } from '../pairs.ts';
import { dicomize } from './dicomize.ts';
import { assemble } from './assemble.ts';
import { cStore, cStoreS3 } from './c-store.ts';
import { catalog } from './catalog.ts';
import { ingest } from './ingest.ts';
import { live } from './live.ts';
import { save2Min } from './save-2-min.ts';
import { saveToPacs } from './save-to-pacs.ts';
import { stow } from './stow.ts';
import { transcode } from './transcode.ts';
import { trim } from './trim.ts';
import { viewers } from './viewers.ts';

export const benchmarks: readonly Benchmark[] = [
  ingest,
  save2Min,
  saveToPacs,
  live,
  viewers,
  cStore,
  cStoreS3,
  stow,
  dicomize,
  assemble,
  trim,
  transcode,
  catalog,
];
