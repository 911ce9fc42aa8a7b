import { mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RingHeaders } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';
import type { Spool, SpooledFragment } from '../application/ports.ts';

const NAME = /^(\d{12})\.fragment$/;
/** A disk that gives nothing back is asked this often: what stands behind the fragment must not wait for ever. */
const READS = 3;
const READ_PAUSE_MS = 200;

/**
 * A directory with one file per fragment: four bytes of header length, the ring headers as JSON, the payload.
 * A file appears whole (written aside, fsynced, renamed, directory fsynced) or not at all.
 */
export class DiskSpool implements Spool {
  private readonly dir: string;
  private readonly log: Logger;
  private readonly notes = new Map<string, unknown>();
  private writingNotes: Promise<void> = Promise.resolve();

  constructor(dir: string, log: Logger) {
    this.dir = dir;
    this.log = log;
  }

  async open(): Promise<SpooledFragment[]> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const fragments: SpooledFragment[] = [];
    for (const name of (await readdir(this.dir)).sort()) {
      const order = NAME.exec(name)?.[1];
      if (name.endsWith('.new')) await rm(join(this.dir, name), { force: true });
      if (order === undefined) continue;
      try {
        const { headers, payload } = parse(await readFile(join(this.dir, name)), name);
        fragments.push({ order: Number(order), headers, bytes: payload.length });
      } catch (error) {
        this.log.error({ name, err: error }, 'a spooled fragment is damaged and set aside');
        await rename(join(this.dir, name), join(this.dir, `${name}.damaged`)).catch((failure: unknown) =>
          this.log.warn(
            { name, err: toError(failure) },
            'it could not be renamed and is looked at again at the next start',
          ),
        );
      }
    }
    return fragments;
  }

  async freeBytes(): Promise<number | undefined> {
    try {
      const { bavail, bsize } = await statfs(this.dir);
      return bavail * bsize;
    } catch {
      return undefined;
    }
  }

  async write(order: number, headers: RingHeaders, payload: Uint8Array): Promise<void> {
    const json = Buffer.from(JSON.stringify(headers));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    await this.whole(this.fileName(order), [length, json, payload]);
  }

  async read({ order }: Pick<SpooledFragment, 'order'>): Promise<Uint8Array> {
    const name = this.fileName(order);
    for (let reads = 1; ; reads++) {
      try {
        return parse(await readFile(join(this.dir, name)), name).payload;
      } catch (error) {
        if (error instanceof SmartBoxError) throw error;
        if (reads === READS) throw damaged(name, `it cannot be read (${toError(error).message})`);
      }
      await pause(READ_PAUSE_MS);
    }
  }

  async remove({ order }: Pick<SpooledFragment, 'order'>): Promise<void> {
    await rm(join(this.dir, this.fileName(order)), { force: true });
  }

  /** The newest value wins; a value that is overtaken is never written. */
  saveNote(name: string, value: unknown): Promise<void> {
    this.notes.set(name, value);
    this.writingNotes = this.writingNotes.then(async () => {
      for (const [note, latest] of this.notes) {
        this.notes.delete(note);
        await this.whole(`${note}.json`, [Buffer.from(JSON.stringify(latest))], false).catch((error: unknown) =>
          this.log.warn({ note, err: toError(error) }, 'a note could not be written'),
        );
      }
    });
    return this.writingNotes;
  }

  async loadNote(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.dir, `${name}.json`), 'utf8'));
    } catch {
      return undefined;
    }
  }

  private fileName(order: number): string {
    return `${String(order).padStart(12, '0')}.fragment`;
  }

  private async whole(name: string, parts: readonly Uint8Array[], durable = true): Promise<void> {
    const path = join(this.dir, name);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      for (const part of parts) await file.writeFile(part);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    if (!durable) return;
    const dir = await open(this.dir, 'r');
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  }
}

const damaged = (name: string, why: string) =>
  new SmartBoxError({ code: 'spool-damaged', message: `spooled fragment ${name}: ${why}`, fault: 'ours' });

/** @throws SmartBoxError `spool-damaged`. */
function parse(file: Buffer, name: string): { headers: RingHeaders; payload: Buffer } {
  const length = file.length >= 4 ? file.readUInt32BE(0) : 0;
  if (length === 0 || file.length < 4 + length) throw damaged(name, `${file.length} bytes are too few`);
  const stored = RingHeaders.safeParse(revive(file.toString('utf8', 4, 4 + length)));
  if (!stored.success)
    throw damaged(name, stored.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return { headers: stored.data, payload: file.subarray(4 + length) };
}

/** The schema reads `keyframe` as the header's text. */
function revive(json: string): unknown {
  try {
    const value = JSON.parse(json) as Record<string, unknown>;
    return { ...value, keyframe: value['keyframe'] === true ? '1' : '0' };
  } catch {
    return undefined;
  }
}
