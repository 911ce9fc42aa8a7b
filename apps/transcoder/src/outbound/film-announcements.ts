import type { CopyWritten, QualityMeasured, QualityWarned, RenditionReady } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { z } from 'zod';
import type { FilmAnnouncements, Work } from '../application/film-ports.ts';

const of = ({ origin: { kind, id, sourceId } }: Work) => ({ kind, id, sourceId });

/** Events with ids made from the work: made twice, announced once. */
export class EventFilmAnnouncements implements FilmAnnouncements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async ready(event: RenditionReady): Promise<void> {
    // where it goes is part of what is announced: asked for later, it is a new event
    const id = ['rendition-ready', event.renditionId, ...(event.destinations ?? [])].join('/');
    await this.#messaging.publishEvent('transcoder.rendition.ready', event, { id, subject: event.origin.id });
  }

  async progressed(work: Work, at: { percent: number; remainingMs?: number }): Promise<void> {
    const { rendition, renditionId, origin } = work;
    const data = { origin: of(work), rendition, renditionId, ...at };
    const id = `rendition-progress/${renditionId}/${at.percent}`;
    await this.#messaging.publishEvent('transcoder.job.progressed', data, { id, subject: origin.id });
  }

  async failed(work: Work, code: string, reason: string): Promise<void> {
    const { rendition, renditionId, origin } = work;
    const data = { origin: of(work), what: rendition, renditionId, code, reason };
    const id = `rendition-failed/${renditionId}/${code}`;
    await this.#messaging.publishEvent('transcoder.rendition.failed', data, { id, subject: origin.id });
  }

  async copied(event: CopyWritten): Promise<void> {
    const id = `copy-written/${event.copyId}`;
    await this.#messaging.publishEvent('transcoder.copy.written', event, { id, subject: event.origin.id });
  }

  async measured(event: QualityMeasured): Promise<void> {
    const id = `quality-measured/${event.qualityId}/${event.reportSha256}`;
    await this.#messaging.publishEvent('transcoder.quality.measured', event, { id, subject: event.origin.id });
  }

  async warned(event: z.infer<typeof QualityWarned>): Promise<void> {
    const id = `quality-warned/${event.qualityId}/${event.code}`;
    await this.#messaging.publishEvent('transcoder.quality.warned', event, { id, subject: event.origin.id });
  }
}
