import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Sink } from './association.ts';
import type { Command } from './command.ts';

/** One object as a PACS says it has it. */
export interface StoredInstance {
  sopInstanceUid: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  /** Size of the Part 10 file in bytes. */
  bytes: number;
  /** ISO 8601. */
  receivedAt: string;
}

/** Fragments are small (often 16 KB): so much is gathered before it goes to the disk. */
const WRITE_BYTES = 1 << 20;

const UID = /^[0-9.]{1,64}$/;

function metaElement(tag: number, vr: 'UI' | 'OB' | 'UL', value: Buffer): Buffer {
  const head = Buffer.alloc(vr === 'OB' ? 12 : 8);
  head.writeUInt16LE(0x0002, 0);
  head.writeUInt16LE(tag, 2);
  head.write(vr, 4, 'latin1');
  if (vr === 'OB') head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

const ui = (value: string): Buffer => Buffer.from(value.length % 2 === 0 ? value : `${value}\u0000`, 'latin1');

/** Preamble, DICM and file meta information (PS3.10 section 7.1), explicit VR little-endian. */
export function part10Header(sopClassUid: string, sopInstanceUid: string, transferSyntaxUid: string): Buffer {
  const meta = Buffer.concat([
    metaElement(0x0001, 'OB', Buffer.from([0, 1])),
    metaElement(0x0002, 'UI', ui(sopClassUid)),
    metaElement(0x0003, 'UI', ui(sopInstanceUid)),
    metaElement(0x0010, 'UI', ui(transferSyntaxUid)),
    metaElement(0x0012, 'UI', ui('2.25.287461947263520119')),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length, 0);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), metaElement(0x0000, 'UL', length), meta]);
}

/** The objects of a test PACS: one Part 10 file each, written as the bytes arrive. */
export class InstanceStore {
  readonly #dir: string;
  readonly #instances = new Map<string, StoredInstance>();
  #unfinished = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Finds what an earlier run stored. */
  async load(): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      if (!name.endsWith('.dcm')) continue;
      const path = join(this.#dir, name);
      const file = await open(path);
      const head = Buffer.alloc(1024);
      await file.read(head, 0, head.length, 0).finally(() => file.close());
      const facts = readMeta(head);
      const { size, mtime } = await stat(path);
      this.#instances.set(facts.sopInstanceUid, { ...facts, bytes: size, receivedAt: mtime.toISOString() });
    }
  }

  list(): StoredInstance[] {
    return [...this.#instances.values()];
  }

  get(sopInstanceUid: string): StoredInstance | undefined {
    return this.#instances.get(sopInstanceUid);
  }

  path(sopInstanceUid: string): string {
    return join(this.#dir, `${sopInstanceUid}.dcm`);
  }

  read(sopInstanceUid: string): Readable {
    return createReadStream(this.path(sopInstanceUid), { highWaterMark: 1 << 20 });
  }

  /** Streams one object to disk; it is in the list only when it is whole. */
  async receive(command: Command, transferSyntaxUid: string): Promise<Sink> {
    const { sopClassUid, sopInstanceUid } = command;
    if (!UID.test(sopInstanceUid) || !UID.test(sopClassUid)) return refusing;
    const half = join(this.#dir, `${sopInstanceUid}.${++this.#unfinished}.part`);
    const file = await open(half, 'w');
    const header = part10Header(sopClassUid, sopInstanceUid, transferSyntaxUid);
    await file.write(header);
    let bytes = header.length;
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length > 0) await file.writev(waiting);
      waiting = [];
      waitingBytes = 0;
    };
    return {
      write: async (piece) => {
        waiting.push(piece);
        bytes += piece.length;
        waitingBytes += piece.length;
        if (waitingBytes >= WRITE_BYTES) await flush();
      },
      commit: async () => {
        await flush();
        await file.close();
        await rename(half, this.path(sopInstanceUid));
        const receivedAt = new Date().toISOString();
        this.#instances.set(sopInstanceUid, { sopInstanceUid, sopClassUid, transferSyntaxUid, bytes, receivedAt });
        return 0x0000;
      },
      discard: async () => {
        await file.close();
        await rm(half, { force: true });
      },
    };
  }
}

/** Swallows an object whose UIDs are no UIDs: "cannot understand", PS3.4 table B.2-1. */
const refusing: Sink = {
  write: async () => undefined,
  commit: async () => 0xc000,
  discard: async () => undefined,
};

function readMeta(head: Buffer): { sopClassUid: string; sopInstanceUid: string; transferSyntaxUid: string } {
  const values = new Map<number, string>();
  for (let at = 132; at + 12 < head.length && head.readUInt16LE(at) === 0x0002;) {
    const tag = head.readUInt16LE(at + 2);
    const long = head.toString('latin1', at + 4, at + 6) === 'OB';
    const length = long ? head.readUInt32LE(at + 8) : head.readUInt16LE(at + 6);
    at += long ? 12 : 8;

    values.set(tag, head.toString('latin1', at, at + length).replace(/\u0000$/, ''));
    at += length;
  }
  const value = (tag: number): string => values.get(tag) ?? '';
  return { sopClassUid: value(0x0002), sopInstanceUid: value(0x0003), transferSyntaxUid: value(0x0010) };
}
