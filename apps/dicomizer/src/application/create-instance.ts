import { createHash } from 'node:crypto';
import type { InstanceCreated, RenditionReady } from '@smartbox/contracts';
import { createPart10, part10Stream, readJpegFacts, readMp4Facts, type Part10 } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import { buildDataset } from '../domain/dataset.ts';
import { identify, type Identity } from '../domain/identity.ts';
import { decidePayload, type Head, type Payload } from '../domain/payload.ts';
import { proveObject, type Proof } from './prove-object.ts';
import type { Announcements, Objects, Snapshots } from './ports.ts';

/**
 * Makes the DICOM object of one rendition, proves it by reading it back, and announces it.
 * Done twice it is the same object under the same key and the same event.
 */
export class CreateInstance {
  readonly #snapshots: Snapshots;
  readonly #objects: Objects;
  readonly #announcements: Announcements;
  readonly #softwareVersion: string;

  constructor(snapshots: Snapshots, objects: Objects, announcements: Announcements, softwareVersion: string) {
    this.#snapshots = snapshots;
    this.#objects = objects;
    this.#announcements = announcements;
    this.#softwareVersion = softwareVersion;
  }

  async run(event: RenditionReady, signal: AbortSignal): Promise<InstanceCreated> {
    const payload = decidePayload(event, await this.#head(event));
    const snapshot = await this.#snapshots.get(event.origin.procedureId);
    const identity = identify(event, snapshot.version);
    const dataset = buildDataset(event, snapshot, payload, identity, this.#softwareVersion);
    const shape = payload.kind === 'still' ? { frameLengths: [event.bytes] } : event.bytes;
    const part10 = createPart10(dataset, payload.transferSyntaxUid, shape);
    const proof = await this.#store(event, identity.key, part10, signal);
    const created = describe(event, payload, identity, part10, proof, {
      studyInstanceUid: snapshot.study.studyInstanceUid,
      procedureVersion: snapshot.version,
    });
    await this.#announcements.created(created);
    return created;
  }

  async #head(event: RenditionReady): Promise<Head> {
    const source = await this.#objects.open(event.key);
    if (source.size !== event.bytes) throw changed(event, `has ${source.size} bytes`);
    if (event.rendition === 'still') return { kind: 'jpeg', facts: await readJpegFacts(source) };
    const type = Buffer.from(await source.read(4, 4)).toString('latin1');
    return type === 'ftyp' ? { kind: 'mp4', facts: await readMp4Facts(source) } : { kind: 'unread' };
  }

  /** An object of the right length that proves itself is the one an earlier delivery wrote: it is left alone. */
  async #store(event: RenditionReady, key: string, part10: Part10, signal: AbortSignal): Promise<Proof> {
    if ((await this.#objects.size(key)) === part10.totalLength) {
      const earlier = await proveObject(this.#objects, key, part10, event.sha256, signal).catch(() => undefined);
      if (earlier) return earlier;
      signal.throwIfAborted();
    }
    const payload = hashed(event, await this.#objects.read(event.key, signal));
    await this.#objects.write(key, part10.totalLength, part10Stream(part10, payload), signal);
    return proveObject(this.#objects, key, part10, event.sha256, signal);
  }
}

/** Lets the payload through and fails at its end, before the object is complete, when it is not what was announced. */
async function* hashed(event: RenditionReady, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const sha256 = hash.digest('hex');
  if (sha256 !== event.sha256) throw changed(event, `reads as sha256 ${sha256}, announced was ${event.sha256}`);
}

function changed(event: RenditionReady, what: string): SmartBoxError {
  return new SmartBoxError({
    code: 'rendition-changed',
    fault: 'theirs',
    retryable: true,
    message: `${event.key} ${what}`,
  });
}

function describe(
  event: RenditionReady,
  payload: Payload,
  identity: Identity,
  part10: Part10,
  proof: Proof,
  procedure: { studyInstanceUid: string; procedureVersion: number },
): InstanceCreated {
  return {
    instanceId: identity.instanceId,
    origin: event.origin,
    sopInstanceUid: identity.sopInstanceUid,
    sopClassUid: payload.sopClassUid,
    transferSyntaxUid: payload.transferSyntaxUid,
    seriesInstanceUid: identity.seriesInstanceUid,
    ...procedure,
    key: identity.key,
    bytes: part10.totalLength,
    sha256: proof.sha256,
    payloadSha256: proof.payloadSha256,
    payloadBytes: part10.payloadLength,
    payloadOffset: part10.payloadOffset,
    numberOfFrames: payload.kind === 'video' ? payload.facts.frames : 1,
    ...(payload.kind === 'video' ? { frameRate: payload.facts.frameRate } : {}),
    destinations: event.origin.recipe.destinations,
  };
}
