import type { RenditionReady } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';
import type { Announcements } from '../application/ports.ts';
import type { Task } from '../domain/renditions.ts';

const log = createLogger('transcoder');

const name = ({ origin, rendition, again }: Pick<RenditionReady, 'origin' | 'rendition' | 'again'>) =>
  [origin.id, origin.sourceId, rendition, ...(again ? [again] : [])].join('/');
const origin = ({ origin: { kind, id, sourceId } }: Task) => ({ kind, id, sourceId });

/** Events with ids made from the work: made twice, announced once. */
export class EventAnnouncements implements Announcements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async ready(event: RenditionReady): Promise<void> {
    const id = `rendition-ready/${name(event)}/${event.sha256}`;
    await this.#messaging.publishEvent('transcoder.rendition.ready', event, { id, subject: event.origin.id });
    const { rendition, key, bytes, mode, reason } = event;
    log.info({ rendition, key, bytes, mode, reason }, 'rendition ready');
  }

  async progressed(task: Task, percent: number): Promise<void> {
    const data = { origin: origin(task), rendition: task.rendition, percent };
    const id = `rendition-progress/${name(task)}/${percent}`;
    await this.#messaging.publishEvent('transcoder.job.progressed', data, { id, subject: task.origin.id });
  }

  async failed(task: Task, code: string, reason: string): Promise<void> {
    const data = { origin: origin(task), what: task.rendition, code, reason };
    const id = `rendition-failed/${name(task)}/${code}`;
    await this.#messaging.publishEvent('transcoder.rendition.failed', data, { id, subject: task.origin.id });
    log.warn({ ...data.origin, rendition: task.rendition, code, reason }, 'rendition failed');
  }
}
