import type { ExportDeidentified, InstanceCreated, RenditionReady } from '@smartbox/contracts';
import { deterministicId } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import type { Announcements } from '../application/ports.ts';

export class NatsAnnouncements implements Announcements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async created(event: InstanceCreated): Promise<void> {
    // where it goes is part of what is announced: sent on to another destination later, it is a new event
    const id = `dicomizer.instance.created/${deterministicId(event.instanceId, ...event.destinations)}`;
    await this.#messaging.publishEvent('dicomizer.instance.created', event, { id, subject: event.instanceId });
  }

  async deidentified(event: ExportDeidentified): Promise<void> {
    const id = `dicomizer.export.deidentified/${event.renditionId}/${event.sha256}`;
    await this.#messaging.publishEvent('dicomizer.export.deidentified', event, { id, subject: event.origin.id });
  }

  async failed(rendition: RenditionReady, code: string, reason: string): Promise<void> {
    const { kind, id: clip, sourceId } = rendition.origin;
    const origin = { kind, id: clip, sourceId };
    const { rendition: what, renditionId } = rendition;
    const which = renditionId === undefined ? {} : { renditionId };
    const event = { origin, what, ...which, code, reason };
    const key = deterministicId('dicomizer-failed', kind, clip, sourceId, what, renditionId ?? '', code, reason);
    const id = `dicomizer.instance.failed/${key}`;
    await this.#messaging.publishEvent('dicomizer.instance.failed', event, { id, subject: clip });
  }
}
