import { createHash } from 'node:crypto';
import type { EventData, InstanceCreated, RenditionReady } from '@smartbox/contracts';
import { rejections, writeRejectionNote } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import { procedureContext } from '../domain/dataset.ts';
import { isForArchive } from '../domain/for-archive.ts';
import { rejectedOf, rejectionCreated, rejectionNote, type Rejected } from '../domain/rejection.ts';
import type { CreateInstance } from './create-instance.ts';
import type { Announcements, Made, Objects, Past, Receivers, Snapshots } from './ports.ts';

/**
 * A corrected procedure, or a clip that was moved to another one: its objects are made anew for the right patient, and
 * where an archive honours it the old ones are rejected (IHE IOCM). Done twice it is the same objects, notes and events.
 */
export class RemakeProcedure {
  readonly #create: CreateInstance;
  readonly #past: Past;
  readonly #receivers: Receivers;
  readonly #snapshots: Snapshots;
  readonly #objects: Objects;
  readonly #announcements: Announcements;
  readonly #softwareVersion: string;

  constructor(
    create: CreateInstance,
    past: Past,
    receivers: Receivers,
    snapshots: Snapshots,
    objects: Objects,
    announcements: Announcements,
    softwareVersion: string,
  ) {
    this.#create = create;
    this.#past = past;
    this.#receivers = receivers;
    this.#snapshots = snapshots;
    this.#objects = objects;
    this.#announcements = announcements;
    this.#softwareVersion = softwareVersion;
  }

  /** The whole procedure: another patient or worklist item. */
  corrected(event: EventData<'catalog.procedure.corrected'>, decidedAt: Date, signal: AbortSignal): Promise<void> {
    const past = () => this.#past.procedure(event.procedureId);
    return this.#run(past, (instance) => instance.procedureVersion < event.version, decidedAt, signal);
  }

  /** One clip: it belongs to another procedure. */
  reassigned(event: EventData<'catalog.clip.reassigned'>, decidedAt: Date, signal: AbortSignal): Promise<void> {
    const past = () => this.#past.clip(event.clipId);
    return this.#run(past, (instance) => (instance.assignment ?? 0) < event.assignment, decidedAt, signal);
  }

  async #run(
    past: () => Promise<Made>,
    isOutdated: (instance: InstanceCreated) => boolean,
    decidedAt: Date,
    signal: AbortSignal,
  ): Promise<void> {
    const { renditions } = await past();
    // first what is right, then what is wrong: an archive is never left without either
    for (const rendition of renditions.filter(isForArchive)) await this.#remake(rendition, signal);
    // read again: an object that was on its way when the correction came may have arrived
    const { instances, stored } = await past();
    const outdated = instances.filter((each) => each.rendition !== 'rejection-note' && isOutdated(each));
    if (outdated.length === 0) return;
    for (const rejected of rejectedOf(outdated, stored, await this.#receivers.ofRejectionNotes())) {
      await this.#reject(rejected, decidedAt, signal);
    }
  }

  /** One that can never become an object is announced as failed, and keeps the others from nothing. */
  async #remake(rendition: RenditionReady, signal: AbortSignal): Promise<void> {
    try {
      await this.#create.run(rendition, signal);
    } catch (error) {
      if (!(error instanceof SmartBoxError) || error.retryable) throw error;
      await this.#announcements.failed(rendition, error.code, error.message);
    }
  }

  async #reject(rejected: Rejected, at: Date, signal: AbortSignal): Promise<void> {
    const snapshot = await this.#snapshots.asOf(rejected.procedureId, rejected.version);
    const note = rejectionNote(rejected);
    const series = { instanceUid: note.seriesInstanceUid, number: 9999 };
    const context = procedureContext(snapshot, { softwareVersion: this.#softwareVersion }, series);
    const bytes = writeRejectionNote(context, { ...note, title: rejections.incorrectWorklistEntry, at });
    const key = `instances/${note.sopInstanceUid}.dcm`;
    await this.#objects.write(key, bytes.length, chunks(bytes), signal);
    // group length of the File Meta Information at byte 140, PS3.10 table 7.1-1
    const offset = 144 + bytes.readUInt32LE(140);
    const stored = { key, bytes: bytes.length, sha256: sha256(bytes) };
    const dataset = { offset, sha256: sha256(bytes.subarray(offset)) };
    await this.#announcements.created(rejectionCreated(rejected, note, stored, dataset));
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
