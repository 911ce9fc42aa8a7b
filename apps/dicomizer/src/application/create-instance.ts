import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { ExportDeidentified, InstanceCreated, ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
import { createPart10, deidentify, part10Stream, type Dataset, type Part10 } from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { buildDataset, lossesOf } from '../domain/dataset.ts';
import { identify, type Identity } from '../domain/identity.ts';
import { decidePayload, type Payload } from '../domain/payload.ts';
import { proveObject, type Proof } from './prove-object.ts';
import { readHead } from './read-head.ts';
import type { Announcements, Objects, Snapshots, Steps } from './ports.ts';

/**
 * Makes the DICOM object of one rendition, proves it by reading it back, and announces it.
 * Done twice it is the same object under the same key and the same event.
 */
export class CreateInstance {
  readonly #snapshots: Snapshots;
  readonly #objects: Objects;
  readonly #announcements: Announcements;
  readonly #softwareVersion: string;
  readonly #steps: Steps;
  readonly #deidentifyKey: string | undefined;

  constructor(
    snapshots: Snapshots,
    steps: Steps,
    objects: Objects,
    announcements: Announcements,
    softwareVersion: string,
    deidentifyKey?: string,
  ) {
    this.#deidentifyKey = deidentifyKey;
    this.#snapshots = snapshots;
    this.#steps = steps;
    this.#objects = objects;
    this.#announcements = announcements;
    this.#softwareVersion = softwareVersion;
  }

  async run(ready: RenditionReady, signal: AbortSignal): Promise<InstanceCreated> {
    const { event, payload, snapshot, identity, dataset } = await this.#attributes(ready);
    const part10 = createPart10(dataset, payload.transferSyntax.uid, payload.shape);
    const proof = await this.#store(event, identity.key, part10, signal);
    // asked now, when the object is made: consent may have come or gone since the clip was saved
    const destinations = destinationsOf(event).filter((name) => snapshot.withheld?.includes(name) !== true);
    const created = describe(event, payload, identity, part10, proof, dataset, { ...snapshot, destinations });
    await this.#announcements.created(created);
    return created;
  }

  /**
   * A copy for teaching (PS3.15 annex E): a file to hand out beside the export it is made of, no instance of the study.
   * @throws SmartBoxError `deidentify-key-missing`, `burned-in-annotation` until confirmed
   */
  async copy(ready: RenditionReady, signal: AbortSignal): Promise<ExportDeidentified> {
    const key = this.#deidentifyKey;
    if (key === undefined) {
      const why =
        'the dicomizer has no DEIDENTIFY_KEY: without one, copies of the same study would not belong together';
      throw inputError('deidentify-key-missing', why);
    }
    const { event, payload, dataset } = await this.#attributes(ready);
    const copy = deidentify(dataset, { ...event.deidentify, key });
    const part10 = createPart10(copy.dataset, payload.transferSyntax.uid, payload.shape);
    const at = `${posix.dirname(event.key)}/deidentified.dcm`;
    const { sha256, payloadSha256 } = await this.#store(event, at, part10, signal);
    const { kind, id, sourceId } = event.origin;
    const made: ExportDeidentified = {
      renditionId: event.renditionId ?? '',
      origin: { kind, id, sourceId },
      key: at,
      contentType: 'application/dicom',
      bytes: part10.totalLength,
      sha256,
      payloadSha256,
    };
    await this.#announcements.deidentified(made);
    return made;
  }

  /** All that the object says but its payload. */
  async #attributes(ready: RenditionReady) {
    const event = { ...ready, ...ready.payload };
    const source = await this.#objects.open(event.key);
    if (source.size !== event.bytes) throw changed(event, `has ${source.size} bytes`);
    const payload = decidePayload(event, await readHead(event, source, this.#objects));
    const snapshot = await this.#snapshots.get(event.origin);
    const stepUid = await this.#steps.of(snapshot.procedureId, snapshot.version);
    const identity = identify(event, snapshot);
    const maker = { softwareVersion: this.#softwareVersion, stepUid };
    const dataset = buildDataset(event, snapshot, payload, identity, maker);
    return { event, payload, snapshot, identity, dataset };
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

const destinationsOf = ({ destinations, origin }: RenditionReady) => destinations ?? origin.recipe.destinations;

function describe(
  event: RenditionReady,
  payload: Payload,
  identity: Identity,
  part10: Part10,
  proof: Proof,
  dataset: Dataset,
  { procedureId, version, assignment, study, destinations }: ProcedureSnapshot & Pick<InstanceCreated, 'destinations'>,
): InstanceCreated {
  return {
    instanceId: identity.instanceId,
    origin: { ...event.origin, procedureId },
    sopInstanceUid: identity.sopInstanceUid,
    sopClassUid: payload.sopClassUid,
    transferSyntaxUid: payload.transferSyntax.uid,
    seriesInstanceUid: identity.seriesInstanceUid,
    studyInstanceUid: study.studyInstanceUid,
    procedureVersion: version,
    ...(assignment === undefined ? {} : { assignment }),
    key: identity.key,
    bytes: part10.totalLength,
    sha256: proof.sha256,
    payloadSha256: proof.payloadSha256,
    payloadBytes: part10.payloadLength,
    payloadOffset: part10.payloadOffset,
    numberOfFrames: payload.video?.frames ?? 1,
    ...(payload.video ? { frameRate: payload.video.frameRate } : {}),
    destinations,
    rendition: event.rendition,
    ...(event.renditionId === undefined ? {} : { renditionId: event.renditionId }),
    ...(event.part === undefined ? {} : { part: event.part }),
    payloadKey: event.key,
    lossyHistory: lossesOf(dataset),
    ...(event.compression === undefined ? {} : { compression: event.compression }),
  };
}
