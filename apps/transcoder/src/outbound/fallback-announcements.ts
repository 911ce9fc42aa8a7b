import type { MakeRendition, RenditionReady } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { FallbackAnnouncements } from '../application/ports-syntax.ts';

const of = ({ origin: { kind, id, sourceId } }: MakeRendition) => ({ kind, id, sourceId });

/** Events with ids made from the work: made twice, announced once. */
export class EventFallbackAnnouncements implements FallbackAnnouncements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async ready(event: RenditionReady): Promise<void> {
    const id = `rendition-ready/${event.renditionId}/${event.sha256}`;
    await this.#messaging.publishEvent('transcoder.rendition.ready', event, { id, subject: event.origin.id });
  }

  async progressed(command: MakeRendition, percent: number): Promise<void> {
    const { renditionId, origin } = command;
    const data = { origin: of(command), rendition: 'fallback', renditionId, percent };
    const id = `rendition-progress/${renditionId}/${percent}`;
    await this.#messaging.publishEvent('transcoder.job.progressed', data, { id, subject: origin.id });
  }

  async failed(command: MakeRendition, code: string, reason: string): Promise<void> {
    const { renditionId, origin } = command;
    const data = { origin: of(command), what: 'fallback', renditionId, code, reason };
    const id = `rendition-failed/${renditionId}/${code}`;
    await this.#messaging.publishEvent('transcoder.rendition.failed', data, { id, subject: origin.id });
  }
}
