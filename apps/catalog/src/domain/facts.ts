import type { EventData, EventName } from '@smartbox/contracts';

type Slim<T extends { origin: unknown }> = Omit<T, 'origin'> & { origin: { kind: 'clip' | 'still'; sourceId: string } };
interface WherePart {
  stationId: string;
  procedureId: string;
}

/** What is kept of each fact about a clip, recording or still: its data without what repeats (recipe, origin). */
interface FactData {
  saved: Omit<EventData<'buffer.clip.saved'>, 'recipe'> & { recipe: RecipePart };
  failed: EventData<'buffer.clip.failed'>;
  'recording-started': EventData<'buffer.recording.started'>;
  'recording-stopped': EventData<'buffer.recording.stopped'>;
  still: Omit<EventData<'buffer.still.captured'>, 'recipe'> & { recipe: RecipePart };
  rendition: Slim<EventData<'transcoder.rendition.ready'>> & WherePart;
  'rendition-failed': EventData<'transcoder.rendition.failed'>;
  copied: EventData<'transcoder.copy.written'>;
  deidentified: EventData<'dicomizer.export.deidentified'>;
  progress: EventData<'transcoder.job.progressed'>;
  quality: EventData<'transcoder.quality.measured'>;
  'quality-warned': EventData<'transcoder.quality.warned'>;
  instance: Slim<EventData<'dicomizer.instance.created'>> & WherePart;
  'instance-failed': EventData<'dicomizer.instance.failed'>;
  'delivery-started': EventData<'pacs-gateway.delivery.started'>;
  'delivery-deferred': EventData<'pacs-gateway.delivery.deferred'>;
  'delivery-failed': EventData<'pacs-gateway.delivery.failed'>;
  'delivery-replaced': EventData<'pacs-gateway.delivery.replaced'>;
  stored: EventData<'pacs-gateway.instance.stored'>;
  committed: EventData<'pacs-gateway.instance.committed'>;
  'commitment-failed': EventData<'pacs-gateway.instance.commitment-failed'>;
  'commitment-waived': EventData<'pacs-gateway.instance.commitment-waived'>;
}
export type FactName = keyof FactData;

interface RecipePart {
  name: string;
  renditions: string[];
  destinations: string[];
}

/** One thing that happened. Facts with the same `key` are the same thing again: see `mergeFacts`. */
export interface FactOf<N extends FactName> {
  name: N;
  key: string;
  eventId: string;
  /** When it happened: time of the event, UTC, RFC 3339. */
  at: string;
  /** When it happened for the first time. */
  firstAt: string;
  data: FactData[N];
}
export type Fact = { [N in FactName]: FactOf<N> }[FactName];

/** Later in (time, event id) order; the same answer whichever comes first. */
export const isLater = (a: Pick<Fact, 'at' | 'eventId'>, b: Pick<Fact, 'at' | 'eventId'>): boolean => {
  const [x, y] = [Date.parse(a.at), Date.parse(b.at)];
  return x === y ? a.eventId > b.eventId : x > y;
};

/** The same thing heard twice: the later one counts, the first time is kept. Commutative, associative, idempotent. */
export function mergeFacts<F extends Pick<Fact, 'at' | 'firstAt' | 'eventId'>>(a: F, b: F): F {
  const winner = isLater(a, b) ? a : b;
  const firstAt = Date.parse(a.firstAt) <= Date.parse(b.firstAt) ? a.firstAt : b.firstAt;
  return { ...winner, firstAt };
}

/** The facts of one clip, each kind of thing once, in the order of their keys. */
export function collectFacts(facts: Iterable<Fact>): Fact[] {
  const byKey = new Map<string, Fact>();
  for (const fact of facts) {
    const known = byKey.get(fact.key);
    byKey.set(fact.key, known ? mergeFacts<Fact>(known, fact) : fact);
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

const recipePart = (recipe: { name: string; renditions: string[]; destinations: string[] }): RecipePart => ({
  name: recipe.name,
  renditions: recipe.renditions,
  destinations: recipe.destinations,
});

function slim<T extends EventData<'transcoder.rendition.ready'> | EventData<'dicomizer.instance.created'>>(data: T) {
  const { kind, sourceId, stationId, procedureId } = data.origin;
  return { ...data, origin: { kind, sourceId }, stationId, procedureId };
}

/** Of renditions that were asked for one by one: which. */
const which = ({ renditionId }: { renditionId?: string | undefined }) => (renditionId ? `/${renditionId}` : '');

type Read<N extends EventName> = (data: EventData<N>) => {
  clipId: string;
  name: FactName;
  key: string;
  data: unknown;
};
type DeliveryData = Pick<EventData<'pacs-gateway.delivery.started'>, 'deliveryId' | 'origin'>;
const delivery = (name: FactName) => (data: DeliveryData) => ({
  clipId: data.origin.id,
  name,
  key: `${name}/${data.deliveryId}`,
  data,
});

const readers: { [N in EventName]?: Read<N> } = {
  'buffer.clip.saved': (data) => ({
    clipId: data.clipId,
    name: 'saved',
    key: 'saved',
    data: { ...data, recipe: recipePart(data.recipe) },
  }),
  'buffer.clip.failed': (data) => ({ clipId: data.clipId, name: 'failed', key: 'failed', data }),
  // a record of another system: from here on a clip like every other
  'transcoder.clip.imported': (data) => ({
    clipId: data.clipId,
    name: 'saved',
    key: 'saved',
    data: { ...data, recipe: recipePart(data.recipe) },
  }),
  'transcoder.clip.refused': (data) => ({ clipId: data.clipId, name: 'failed', key: 'failed', data }),
  'buffer.recording.started': (data) => ({
    clipId: data.clipId,
    name: 'recording-started',
    key: 'recording-started',
    data,
  }),
  'buffer.recording.stopped': (data) => ({
    clipId: data.clipId,
    name: 'recording-stopped',
    key: 'recording-stopped',
    data,
  }),
  'buffer.still.captured': (data) => ({
    clipId: data.stillId,
    name: 'still',
    key: `still/${data.sourceId}`,
    data: { ...data, recipe: recipePart(data.recipe) },
  }),
  'transcoder.rendition.ready': (data) => ({
    clipId: data.origin.id,
    name: 'rendition',
    key: `rendition/${data.origin.sourceId}/${data.rendition}${which(data)}`,
    data: slim(data),
  }),
  'transcoder.rendition.failed': (data) => ({
    clipId: data.origin.id,
    name: 'rendition-failed',
    key: `rendition-failed/${data.origin.sourceId}/${data.what}${which(data)}`,
    data,
  }),
  'transcoder.copy.written': (data) => ({ clipId: data.origin.id, name: 'copied', key: `copied/${data.copyId}`, data }),
  'transcoder.job.progressed': (data) => ({
    clipId: data.origin.id,
    name: 'progress',
    key: `progress/${data.origin.sourceId}/${data.rendition}${which(data)}`,
    data,
  }),
  'transcoder.quality.measured': (data) => ({
    clipId: data.origin.id,
    name: 'quality',
    key: `quality/${data.qualityId}`,
    data,
  }),
  'transcoder.quality.warned': (data) => ({
    clipId: data.origin.id,
    name: 'quality-warned',
    key: `quality-warned/${data.qualityId}`,
    data,
  }),
  'dicomizer.instance.created': (data) => ({
    clipId: data.origin.id,
    name: 'instance',
    key: `instance/${data.instanceId}`,
    data: slim(data),
  }),
  'dicomizer.instance.failed': (data) => ({
    clipId: data.origin.id,
    name: 'instance-failed',
    key: `instance-failed/${data.origin.sourceId}/${data.what}${which(data)}`,
    data,
  }),
  'dicomizer.export.deidentified': (data) => ({
    clipId: data.origin.id,
    name: 'deidentified',
    key: `deidentified/${data.renditionId}`,
    data,
  }),
  'pacs-gateway.delivery.started': delivery('delivery-started'),
  'pacs-gateway.delivery.deferred': delivery('delivery-deferred'),
  'pacs-gateway.delivery.failed': delivery('delivery-failed'),
  'pacs-gateway.delivery.replaced': delivery('delivery-replaced'),
  'pacs-gateway.instance.stored': delivery('stored'),
  'pacs-gateway.instance.committed': delivery('committed'),
  'pacs-gateway.instance.commitment-failed': delivery('commitment-failed'),
  'pacs-gateway.instance.commitment-waived': delivery('commitment-waived'),
};

/** The fact that an event states about a clip; undefined where it states none. `data` has been checked already. */
export function factOf(
  name: EventName,
  data: unknown,
  event: { id: string; time: string },
): { clipId: string; fact: Fact } | undefined {
  const read = readers[name] as Read<EventName> | undefined;
  if (!read) return undefined;
  const { clipId, ...rest } = read(data as EventData<EventName>);
  return { clipId, fact: { ...rest, eventId: event.id, at: event.time, firstAt: event.time } as Fact };
}
