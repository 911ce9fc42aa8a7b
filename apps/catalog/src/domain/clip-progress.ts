import { copiesIn, type DeliveryRow } from './delivery.ts';
import { isLater, type Fact } from './facts.ts';
import { named, type ClipKind, type InstanceRow, type RenditionRow, type SourceRow, type State } from './clip-rows.ts';

const order: State[] = ['saved', 'prepared', 'sending', 'sent', 'archived'];

/** Edits, exports and rejection notes go their own way: the clip is archived without them. */
const isOfClip = ({ rendition }: Pick<InstanceRow, 'rendition'>) =>
  rendition === null || !['edit', 'export', 'rejection-note'].includes(rendition);

/** What a clip's objects have to be made of to count: its procedure by now, in its newest version. */
interface Current {
  version: number;
  assignment: number;
}
type Of = Pick<InstanceRow, 'procedureVersion'> & { assignment?: number | undefined };
const isCurrent = ({ version, assignment }: Current, of: Of) =>
  of.procedureVersion >= version && (of.assignment ?? 0) === assignment;

/**
 * Deliveries in whose place all objects of another rendition are there, which have deliveries of their own. Until then a
 * replaced delivery is one that still has to be made.
 */
function replacedDeliveries(facts: readonly Fact[], current: Current): ReadonlySet<string> {
  const made = named(facts, 'instance').filter(({ data }) => isCurrent(current, data));
  const done = named(facts, 'delivery-replaced').filter(({ data: { renditionId } }) => {
    const own = made.filter(({ data }) => (data.part?.set ?? data.renditionId) === renditionId);
    return own.length > 0 && own.length >= (own[0]?.data.part?.of ?? 1);
  });
  return new Set(done.map(({ data }) => data.deliveryId));
}

interface Made {
  renditions: readonly RenditionRow[];
  instances: readonly InstanceRow[];
  deliveries: readonly DeliveryRow[];
}

/** From `saved` on: as far as the slowest source is. `sending` as soon as one goes out and every one is prepared. */
export function deriveProgress(
  sources: readonly SourceRow[],
  kind: ClipKind,
  facts: readonly Fact[],
  { renditions, instances, deliveries }: Made,
  current: Current,
): State {
  const main = kind === 'still' ? 'still' : 'pacs';
  const recipe = recipeOf(facts);
  if (kind !== 'still' && recipe && !recipe.renditions.includes(main)) return 'saved';
  const archived = sources.filter((source) => source.pacs);
  if (archived.length === 0) return 'saved';
  const replaced = replacedDeliveries(facts, current);
  const notAsked = notAskedToCommit(facts);
  const copies = copiesIn(facts);
  const levels = archived.map(({ sourceId }) => {
    const own = instances.filter((i) => i.sourceId === sourceId && isCurrent(current, i) && isOfClip(i));
    if (own.length === 0) {
      return renditions.some((r) => r.sourceId === sourceId && r.rendition === main) ? 'prepared' : 'saved';
    }
    const expected = own
      .flatMap((instance) => {
        const all = instance.destinations.map((destination) =>
          deliveries.find((d) => d.instanceId === instance.instanceId && d.destination === destination),
        );
        const originals = all.filter((d) => !d || !copies.has(d.deliveryId));
        return originals.length > 0 ? originals : all;
      })
      .filter((d) => !d || d.state !== 'replaced' || !replaced.has(d.deliveryId));
    if (expected.every((d) => d === undefined || d.state === 'waiting')) return 'prepared';
    if (own.every((i) => isArchived(i, expected, notAsked))) return 'archived';
    if (expected.every((d) => d?.state === 'committed' || d?.state === 'stored')) return 'sent';
    return 'sending';
  });
  const ranks = levels.map((level) => order.indexOf(level));
  const slowest = order[Math.min(...ranks)] ?? 'saved';
  return slowest === 'prepared' && Math.max(...ranks) > order.indexOf('prepared') ? 'sending' : slowest;
}

/** Deliveries to destinations that are not asked to commit: what they hold stays "sent, not committed". */
const notAskedToCommit = (facts: readonly Fact[]): ReadonlySet<string> =>
  new Set([
    ...named(facts, 'stored').flatMap(({ data }) => (data.commitment === 'none' ? [data.deliveryId] : [])),
    ...named(facts, 'commitment-waived').map(({ data }) => data.deliveryId),
  ]);

/** One archive at least has committed to it, and every other that is asked to. */
function isArchived(
  { instanceId }: InstanceRow,
  expected: readonly (DeliveryRow | undefined)[],
  notAsked: ReadonlySet<string>,
): boolean {
  if (expected.includes(undefined)) return false;
  const own = expected.filter((d) => d?.instanceId === instanceId);
  const settled = own.every((d) => d?.state === 'committed' || (d?.state === 'stored' && notAsked.has(d.deliveryId)));
  return settled && (own.length === 0 || own.some((d) => d?.state === 'committed'));
}

/** Why a person has to look: the clip was not kept, or something that goes to the archive was given up. */
export function deriveFailure(
  facts: readonly Fact[],
  kind: ClipKind,
  isSaved: boolean,
  current: Current,
  deliveries: readonly DeliveryRow[],
): { code: string; reason: string } | undefined {
  const [failed] = named(facts, 'failed');
  if (failed && !isSaved) return failed.data;
  const nameOf = (sourceId: string, what: string, id: string | undefined) => `${sourceId}/${what}/${id ?? ''}`;
  const ready = new Set(
    named(facts, 'rendition').map(({ data }) =>
      nameOf(data.origin.sourceId, data.rendition, data.part?.set ?? data.renditionId),
    ),
  );
  const apart = new Set(['poster', 'sprite', 'edit', 'export', 'copy']);
  const instances = named(facts, 'instance').filter(
    ({ data }) => isCurrent(current, data) && isOfClip({ rendition: data.rendition ?? null }),
  );
  const counting = new Set(instances.map((f) => f.data.instanceId));
  const given = [
    ...named(facts, 'rendition-failed').filter(
      ({ data }) => !apart.has(data.what) && !ready.has(nameOf(data.origin.sourceId, data.what, data.renditionId)),
    ),
    ...named(facts, 'instance-failed').filter(
      (f) =>
        !apart.has(f.data.what) &&
        !instances.some(
          (i) =>
            i.data.origin.sourceId === f.data.origin.sourceId &&
            i.data.renditionId === f.data.renditionId &&
            isLater(i, f),
        ),
    ),
  ];
  const [first] = given;
  if (first) return first.data;
  // what a correction took back is no failure: its new version is on its way; nor is a copy that was refused
  const copies = copiesIn(facts);
  const dead = deliveries.find(
    (d) =>
      d.state === 'failed' &&
      d.code !== 'superseded' &&
      !copies.has(d.deliveryId) &&
      (counting.size === 0 || counting.has(d.instanceId)),
  );
  return dead && { code: dead.code ?? 'delivery-failed', reason: dead.reason ?? `${dead.destination} did not take it` };
}

const recipeOf = (facts: readonly Fact[]) =>
  named(facts, 'saved')[0]?.data.recipe ?? named(facts, 'still')[0]?.data.recipe;
