import type { ObjectStore } from '@smartbox/storage';
import { z } from 'zod';
import { StowError } from '../stow/stow-error.ts';

const Manifest = z.object({
  jobSummary: z.object({
    jobId: z.string(),
    numberOfScannedFiles: z.int(),
    numberOfImportedFiles: z.int(),
    successOutputS3Uri: z.string().optional(),
    failureOutputS3Uri: z.string().optional(),
  }),
});
/** A line of the reports: `inputFile` is the key of the object that was read. */
const Line = z.object({
  inputFile: z.string(),
  exception: z.object({ exceptionType: z.string().optional(), message: z.string().optional() }).optional(),
});

/** What became of one object: undefined where it was imported. */
export type Refusal = { code: string; isOurs: boolean } | undefined;

/** Reports of one object are small; one that is larger is none. */
const MAX_REPORT_BYTES = 1 << 20;

/**
 * Reads the reports of an import job: `job-output-manifest.json`, and `SUCCESS/*.ndjson` and `FAILURE/*.ndjson` with a
 * line for each object. A job that completed may have imported nothing. @throws StowError where they say nothing of it.
 */
export async function readImportReport(store: ObjectStore, prefix: string, inputKey: string): Promise<Refusal> {
  const manifest = Manifest.safeParse(parse(await read(store, `${prefix}job-output-manifest.json`)));
  if (!manifest.success) throw silent(`${prefix}job-output-manifest.json is no report of an import job`);
  for await (const line of lines(store, `${prefix}FAILURE/`)) {
    if (line.inputFile !== inputKey) continue;
    const code = line.exception?.exceptionType ?? 'refused';
    return { code: code.slice(0, 80), isOurs: !/internal|server|throttl/i.test(code) };
  }
  for await (const line of lines(store, `${prefix}SUCCESS/`)) if (line.inputFile === inputKey) return undefined;
  throw silent(`the reports below ${prefix} do not name ${inputKey}`);
}

async function* lines(store: ObjectStore, prefix: string): AsyncGenerator<z.infer<typeof Line>> {
  for await (const { key, bytes } of store.list(prefix)) {
    if (!/\.(ndjson|jsonl?)$/.test(key) || bytes > MAX_REPORT_BYTES) continue;
    for (const text of (await read(store, key)).split('\n')) {
      const line = Line.safeParse(parse(text));
      if (line.success) yield line.data;
    }
  }
}

async function read(store: ObjectStore, key: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.getRange(key, 0, MAX_REPORT_BYTES)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const silent = (says: string) => new StowError('peer-protocol-error', 'transfer', says);
