import type { DeidentifyPolicy, InstanceCreated } from '@smartbox/contracts';
import { bufferSource, deidentify, readPart10, replacementUid, writeHeader, type ParsedPart10 } from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { Archive, ObjectContent, Objects, StoreAnswer } from '../application/ports.ts';
import { part10Head } from './part10-head.ts';
import { secretOf, type Secret } from './stow/secret.ts';

/** As many characters of a key as nobody guesses. */
const MIN_KEY = 32;

/**
 * An archive that gets de-identified copies (PS3.15 annex E), made on the way: other attributes, other UIDs, the very
 * payload. The same UID and the same name stand for one patient, study and series in all of them.
 */
export class DeidentifyingArchive implements Archive {
  readonly accepts: Archive['accepts'];
  readonly #archive: Archive;
  readonly #policy: DeidentifyPolicy;
  readonly #key: Secret;
  readonly #objects: Objects | undefined;

  /**
   * @param objects for an archive that says how long an object is before it is asked to take it: the head of the original
   * is read once more for it
   * @throws SmartBoxError `invalid-configuration` without a key that can be used
   */
  constructor(archive: Archive, policy: DeidentifyPolicy, configDir: string, owner: string, objects?: Objects) {
    this.#objects = objects;
    this.#archive = archive;
    this.#policy = policy;
    this.#key = secretOf(policy.key, configDir, `${owner}: deidentify.key`);
    const { length } = this.#key();
    if (length < MIN_KEY) {
      const what = `${owner}: deidentify.key: ${policy.key.file} has ${length} characters, at least ${MIN_KEY} are needed`;
      throw inputError('invalid-configuration', what);
    }
    this.accepts = archive.accepts?.bind(archive);
  }

  /** @throws SmartBoxError `burned-in-annotation`, `audio-present` until the policy confirms */
  async store(
    instance: InstanceCreated,
    accepted: () => Promise<ObjectContent>,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const key = this.#key();
    const copy = { ...instance };
    for (const uid of ['sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid'] as const)
      copy[uid] = replacementUid(instance[uid], key);
    if (this.#objects) copy.bytes = await this.#bytesOf(await this.#objects.open(instance, signal), copy, key);
    return this.#archive.store(copy, async () => this.#copyOf(await accepted(), copy, key), signal);
  }

  async #copyOf(original: ObjectContent, copy: InstanceCreated, key: string): Promise<ObjectContent> {
    const rest = original.read()[Symbol.asyncIterator]();
    try {
      const { begin, pixelData, header, head } = await this.#headerOf(original, rest, copy, key);
      const read = async function* () {
        try {
          yield header.subarray(head.offset);
          yield begin.subarray(pixelData);
          for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
        } finally {
          await rest.return?.();
        }
      };
      return {
        head: header.subarray(0, head.offset),
        size: header.length - head.offset + original.head.length + original.size - pixelData,
        read,
        again: async () => this.#copyOf(await original.again(), copy, key),
      };
    } catch (error) {
      await rest.return?.();
      throw error;
    }
  }

  /** Of the whole copy: another header, and everything from Pixel Data on. */
  async #bytesOf(original: ObjectContent, copy: InstanceCreated, key: string): Promise<number> {
    const rest = original.read()[Symbol.asyncIterator]();
    try {
      const { header, pixelData } = await this.#headerOf(original, rest, copy, key);
      return header.length + original.head.length + original.size - pixelData;
    } finally {
      await rest.return?.();
    }
  }

  async #headerOf(original: ObjectContent, rest: AsyncIterator<Uint8Array>, copy: InstanceCreated, key: string) {
    const { begin, parsed, pixelData } = await attributesOf(original.head, rest);
    const { dataset } = deidentify(parsed.dataset, { ...this.#policy, key });
    const header = writeHeader(dataset, parsed.transferSyntaxUid);
    const head = part10Head(header);
    if (!head || [dataset['SOPInstanceUID']].flat()[0] !== copy.sopInstanceUid) {
      const message = `the copy of ${copy.key} would not be the instance that it is sent as`;
      throw new SmartBoxError({ code: 'object-mismatch', message, fault: 'ours' });
    }
    return { begin, pixelData, header, head };
  }

  echo(): Promise<number> {
    return this.#archive.echo();
  }

  close(): Promise<void> {
    return this.#archive.close();
  }
}

/** Everything before Pixel Data, and where in `begin` that is; `rest` goes on behind `begin`. */
async function attributesOf(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): Promise<{ begin: Buffer; parsed: ParsedPart10; pixelData: number }> {
  let begin = Buffer.from(head);
  for (;;) {
    const next = await rest.next();
    if (next.done) throw inputError('not-dicom', 'the object has no Pixel Data: a copy of it is not made');
    begin = Buffer.concat([begin, next.value]);
    const parsed = await readPart10(bufferSource(begin)).catch((error: unknown) => {
      // more of it has to come
      if (error instanceof SmartBoxError && error.code === 'dicom-truncated') return undefined;
      throw error;
    });
    if (parsed?.pixelData) return { begin, parsed, pixelData: parsed.pixelData.elementOffset };
  }
}
