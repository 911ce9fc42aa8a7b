import { deterministicId } from '@smartbox/kernel';
import { isLater, type Fact, type FactOf } from './facts.ts';

type DeliveryState = 'waiting' | 'sending' | 'deferred' | 'stored' | 'committed' | 'failed' | 'replaced';

export interface DeliveryRow {
  deliveryId: string;
  instanceId: string;
  sourceId: string;
  sopInstanceUid: string;
  destination: string;
  state: DeliveryState;
  attempt: number;
  code: string | null;
  reason: string | null;
  retryAt: Date | null;
  parked: boolean;
  startedAt: Date | null;
  storedAt: Date | null;
  committedAt: Date | null;
  updatedAt: Date;
}

type DeliveryFact = FactOf<
  | 'delivery-started'
  | 'delivery-deferred'
  | 'delivery-failed'
  | 'delivery-replaced'
  | 'stored'
  | 'committed'
  | 'commitment-failed'
  | 'commitment-waived'
>;
const states: Record<DeliveryFact['name'], { state: DeliveryState; rank: number }> = {
  'delivery-started': { state: 'sending', rank: 0 },
  'delivery-deferred': { state: 'deferred', rank: 1 },
  'delivery-failed': { state: 'failed', rank: 2 },
  'delivery-replaced': { state: 'replaced', rank: 2 },
  stored: { state: 'stored', rank: 3 },
  // Final: a person has to look. Else it is stored, and asked for again.
  'commitment-failed': { state: 'failed', rank: 3 },
  // Not asked for any more: "sent, not committed".
  'commitment-waived': { state: 'stored', rank: 3 },
  committed: { state: 'committed', rank: 4 },
};
const isDelivery = (fact: Fact): fact is Fact & DeliveryFact => fact.name in states;

/**
 * Which of two facts says where a delivery stands. Stored and committed stay true whatever else is heard (a second
 * attempt after a lost answer does not unsend); of the others the latest counts, then the higher attempt.
 */
function decides(a: DeliveryFact, b: DeliveryFact): boolean {
  const [x, y] = [states[a.name].rank, states[b.name].rank];
  if (x >= 3 || y >= 3) return x === y ? isLater(a, b) : x > y;
  if (Date.parse(a.at) !== Date.parse(b.at)) return isLater(a, b);
  const attempts = attemptOf(a) - attemptOf(b);
  if (attempts !== 0) return attempts > 0;
  return x === y ? isLater(a, b) : x > y;
}
const attemptOf = (fact: DeliveryFact): number => ('attempt' in fact.data ? fact.data.attempt : 0);
const date = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

/** Deliveries of de-identified copies: the original is neither archived by them nor missing without them. */
export const copiesIn = (facts: readonly Fact[]): ReadonlySet<string> =>
  new Set(facts.filter(isDelivery).flatMap(({ data }) => (data.deidentified ? [data.deliveryId] : [])));

/** As the PACS gateway makes it: the same for the same object and destination. */
const deliveryIdOf = (instanceId: string, destination: string) => deterministicId('delivery', instanceId, destination);

/** Objects that are to go somewhere, and nothing has been heard of it yet. */
function waiting(facts: readonly Fact[], known: ReadonlySet<string>): DeliveryRow[] {
  return facts.flatMap((fact) => {
    if (fact.name !== 'instance') return [];
    const { instanceId, sopInstanceUid, origin } = fact.data;
    const fresh = fact.data.destinations.filter((destination) => !known.has(`${instanceId}/${destination}`));
    return fresh.map((destination) => ({
      deliveryId: deliveryIdOf(instanceId, destination),
      instanceId,
      sourceId: origin.sourceId,
      sopInstanceUid,
      destination,
      state: 'waiting' as const,
      attempt: 0,
      code: null,
      reason: null,
      retryAt: null,
      parked: false,
      startedAt: null,
      storedAt: null,
      committedAt: null,
      updatedAt: new Date(fact.at),
    }));
  });
}

/** Each delivery that is to be made or that any fact speaks of, in the order of their ids. */
export function deriveDeliveries(facts: readonly Fact[]): DeliveryRow[] {
  const heard = deliveriesHeardOf(facts);
  const known = new Set(heard.map((row) => `${row.instanceId}/${row.destination}`));
  return [...heard, ...waiting(facts, known)].sort((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
}

function deliveriesHeardOf(facts: readonly Fact[]): DeliveryRow[] {
  const byId = Map.groupBy(facts.filter(isDelivery), (fact) => fact.data.deliveryId);
  return [...byId.entries()].map(([deliveryId, own]) => {
    const now = own.reduce((best, fact) => (decides(fact, best) ? fact : best));
    const first = (name: DeliveryFact['name']) => date(own.find((fact) => fact.name === name)?.firstAt);
    const said = now.data as {
      code?: string;
      reason?: string;
      warning?: string;
      verified?: 'qido' | 'import-report';
      retryAt?: string;
      parked?: boolean;
    };
    const looked = said.verified === undefined ? null : 'asked afterwards, the archive has it (QIDO-RS)';
    const copy = now.data.deidentified ? 'a de-identified copy, under other UIDs (PS3.15 annex E)' : null;
    const { instanceId, sopInstanceUid, destination, origin } = now.data;
    return {
      deliveryId,
      instanceId,
      sourceId: origin.sourceId,
      sopInstanceUid,
      destination,
      state: now.name === 'commitment-failed' && !now.data.final ? 'stored' : states[now.name].state,
      attempt: Math.max(...own.map(attemptOf)),
      code: said.code ?? null,
      reason: said.reason ?? said.warning ?? copy ?? looked,
      retryAt: date(said.retryAt),
      parked: said.parked ?? false,
      startedAt: first('delivery-started'),
      storedAt: first('stored'),
      committedAt: first('committed'),
      updatedAt: new Date(now.at),
    };
  });
}
