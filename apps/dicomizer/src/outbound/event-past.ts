import type { EventData, EventName, InstanceCreated, RenditionReady } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { Made, Past } from '../application/ports.ts';

const names = [
  'transcoder.rendition.ready',
  'dicomizer.instance.created',
  'pacs-gateway.instance.stored',
] as const satisfies readonly EventName[];

/** Reads EVENTS once through: a correction is rare, and nothing has to be kept for it. */
export class EventPast implements Past {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async procedure(procedureId: string): Promise<Made> {
    const moved = new Map<string, EventData<'catalog.clip.reassigned'>>();
    for await (const { event } of this.#messaging.readEvents({ names: ['catalog.clip.reassigned'], follow: false })) {
      const move = event?.data as EventData<'catalog.clip.reassigned'> | undefined;
      if (move && move.assignment > (moved.get(move.clipId)?.assignment ?? 0)) moved.set(move.clipId, move);
    }
    return this.#read(({ origin, ...data }) => {
      const move = moved.get(origin.id);
      if ((move?.to ?? origin.procedureId) !== procedureId) return false;
      return !('instanceId' in data) || (data.assignment ?? 0) === (move?.assignment ?? 0);
    });
  }

  clip(clipId: string): Promise<Made> {
    return this.#read(({ origin }) => origin.id === clipId);
  }

  async #read(isWanted: (data: RenditionReady | InstanceCreated) => boolean): Promise<Made> {
    const renditions = new Map<string, RenditionReady>();
    const instances = new Map<string, InstanceCreated>();
    const stored = new Map<string, Set<string>>();
    for await (const { event, name } of this.#messaging.readEvents({ names, follow: false })) {
      if (!event) continue;
      if (name === 'pacs-gateway.instance.stored') {
        const { instanceId, destination } = event.data as EventData<typeof name>;
        stored.set(instanceId, (stored.get(instanceId) ?? new Set()).add(destination));
        continue;
      }
      const data = event.data as RenditionReady | InstanceCreated;
      if (!isWanted(data)) continue;
      if ('instanceId' in data) instances.set(data.instanceId, data);
      else
        renditions.set([data.origin.id, data.origin.sourceId, data.rendition, data.renditionId ?? ''].join('/'), data);
    }
    return { renditions: [...renditions.values()], instances: [...instances.values()], stored };
  }
}
