import type { ClipImported, ClipRefused } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { z } from 'zod';
import type { ImportAnnouncements } from '../application/make-import.ts';

/** Events with ids made from the clip: made twice, announced once. */
export class EventImportAnnouncements implements ImportAnnouncements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async imported(event: ClipImported): Promise<void> {
    const { clipId } = event;
    await this.#messaging.publishEvent('transcoder.clip.imported', event, { id: `clip-imported/${clipId}`, subject: clipId }); // prettier-ignore
  }

  async refused(event: z.infer<typeof ClipRefused>): Promise<void> {
    const { clipId, code } = event;
    await this.#messaging.publishEvent('transcoder.clip.refused', event, { id: `clip-refused/${clipId}/${code}`, subject: clipId }); // prettier-ignore
  }
}
