import { createHash, type Hash } from 'node:crypto';
import type { InstanceCreated } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { ObjectStore } from '@smartbox/storage';
import type { ObjectContent, Objects } from '../application/ports.ts';
import { MAX_HEAD_BYTES, part10Head } from './part10-head.ts';

/** Times that a read which breaks half-way is taken up again where it broke. */
const MAX_RESUMES = 3;

/**
 * Objects streamed out of S3, hashed on the way: the last bytes are handed out only when the whole is what the dicomizer
 * stored. So an archive gets the very object, or one that is not finished, which it throws away.
 */
export class S3Objects implements Objects {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async open(instance: InstanceCreated, signal: AbortSignal): Promise<ObjectContent> {
    const { key, bytes, transferSyntaxUid } = instance;
    const stream = this.#read(key, bytes, signal);
    const held: Buffer[] = [];
    let head: ReturnType<typeof part10Head>;
    while (!head) {
      const next = await stream.next();
      const first = Buffer.concat(held);
      if (next.done || first.length > MAX_HEAD_BYTES) {
        await stream.return();
        throw inputError('not-dicom', `${key} ends inside its File Meta Information`);
      }
      held.push(next.value);
      head = part10Head(Buffer.concat([first, next.value]));
    }
    if (head.transferSyntaxUid !== transferSyntaxUid) {
      await stream.return();
      throw inputError('object-mismatch', `${key} is in ${head.transferSyntaxUid}, announced as ${transferSyntaxUid}`);
    }
    const begin = Buffer.concat(held);
    return {
      head: begin.subarray(0, head.offset),
      size: bytes - head.offset,
      read: () => proven(instance, begin, head.offset, stream),
      again: () => this.open(instance, signal),
    };
  }

  async *#read(key: string, bytes: number, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    let at = 0;
    for (let resumes = 0; at < bytes; resumes++) {
      try {
        for await (const chunk of await this.#store.getRange(key, at, bytes - at, { signal })) {
          at += (chunk as Buffer).length;
          yield chunk as Buffer;
        }
        if (at < bytes) throw corrupt(key, `has ${at} bytes, ${bytes} were announced`);
      } catch (error) {
        const heals = error instanceof SmartBoxError && error.retryable && error.code !== 'object-corrupt';
        if (!heals || resumes >= MAX_RESUMES || at === 0) throw error;
      }
    }
  }
}

function corrupt(key: string, what: string): SmartBoxError {
  return new SmartBoxError({ code: 'object-corrupt', message: `${key} ${what}`, fault: 'ours', retryable: true });
}

/** From `offset` on; the last chunk only after the hash over everything is right. */
async function* proven(
  instance: InstanceCreated,
  begin: Buffer,
  offset: number,
  rest: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  try {
    const hash: Hash = createHash('sha256').update(begin);
    let held = begin.subarray(offset);
    for await (const chunk of rest) {
      if (held.length > 0) yield held;
      hash.update(chunk);
      held = chunk;
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== instance.sha256)
      throw corrupt(instance.key, `reads as sha256 ${sha256}, stored as ${instance.sha256}`);
    if (held.length > 0) yield held;
  } finally {
    await rest.return();
  }
}
