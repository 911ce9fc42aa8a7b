import { Controller, Inject } from '@nestjs/common';
import type { RenditionReady } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { done, OnEvent, reject, type MessageContext, type Verdict } from '@smartbox/messaging';
import { counter, createLogger } from '@smartbox/telemetry';
import { CreateInstance } from '../application/create-instance.ts';
import type { Announcements } from '../application/ports.ts';
import { isForArchive } from '../domain/for-archive.ts';
import { ANNOUNCEMENTS } from '../tokens.ts';

/** Hours of a catalog or object store that is away, not minutes: the clip waits here. */
const MAX_DELIVER = 200;
/** An error that says nothing about itself is a bug of ours: it is not tried for hours. */
const MAX_UNKNOWN = 5;

/** Renditions meant for the archive become DICOM objects. */
@Controller()
export class RenditionsConsumer {
  readonly #create: CreateInstance;
  readonly #announcements: Announcements;
  readonly #log = createLogger('dicomizer');
  readonly #count = counter('smartbox_dicomizer_instances_total', 'DICOM objects made, by outcome', ['outcome']);

  constructor(@Inject(CreateInstance) create: CreateInstance, @Inject(ANNOUNCEMENTS) announcements: Announcements) {
    this.#create = create;
    this.#announcements = announcements;
  }

  @OnEvent('transcoder.rendition.ready', {
    durable: 'dicomizer-renditions',
    concurrency: 2,
    maxDeliver: MAX_DELIVER,
    backoffMs: [1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000],
  })
  async onRendition(event: RenditionReady, context: MessageContext): Promise<Verdict> {
    if (!event.deidentify && !isForArchive(event)) return done();
    try {
      if (event.deidentify) {
        const { renditionId, bytes } = await this.#create.copy(event, context.signal);
        this.#count.inc({ outcome: 'deidentified' });
        this.#log.info({ renditionId, bytes }, 'de-identified copy made');
        return done();
      }
      const { instanceId, sopInstanceUid, transferSyntaxUid, bytes } = await this.#create.run(event, context.signal);
      this.#count.inc({ outcome: 'created' });
      this.#log.info({ instanceId, sopInstanceUid, transferSyntaxUid, bytes }, 'instance created');
      return done();
    } catch (thrown) {
      return this.#failed(event, context, toError(thrown));
    }
  }

  async #failed(event: RenditionReady, context: MessageContext, error: Error): Promise<Verdict> {
    const { signal, deliveryCount } = context;
    const known = error instanceof SmartBoxError;
    const final = known ? !error.retryable : deliveryCount >= MAX_UNKNOWN;
    if (signal.aborted || (!final && deliveryCount < MAX_DELIVER)) throw error;
    const code = known ? error.code : 'internal';
    // the text of an unknown error could carry anything
    const reason = known ? error.message : `${error.name} while the object was made: see the log of the dicomizer`;
    if (!known) this.#log.error({ err: error, clip: event.origin.id }, 'an unknown error');
    await this.#announcements.failed(event, code, reason);
    this.#count.inc({ outcome: 'failed' });
    return reject(code, reason);
  }
}
