import { transferSyntaxName } from '@smartbox/dicom';
import type { DeliveryRecord } from '../domain/delivery.ts';
import { fallbackCandidates, fallbackRendition, named, sequenceSecondsOf, tooLong } from '../domain/fallback.ts';
import type { Destination } from './destination.ts';
import type { Outcome, SettleDelivery } from './settle-delivery.ts';

function nothing(instance: DeliveryRecord['instance'], { config }: Destination): string {
  const long = (config.transferSyntaxes ?? []).some((uid) => tooLong(instance, uid));
  const htj2k = long ? `: HTJ2K is for sequences of at most ${sequenceSecondsOf(instance.origin)} s` : '';
  return `it accepts nothing that can be made of it${htj2k}`;
}

/**
 * A destination that does not take an object as it is gets one that it takes (promises.md, fault 22): it is asked which
 * transfer syntaxes it accepts for the SOP class, and the transcoder to make the best of them, for it alone.
 */
export class FallBack {
  readonly #settle: SettleDelivery;

  constructor(settle: SettleDelivery) {
    this.#settle = settle;
  }

  /** @param reason what it has against the object, beginning with a verb. @throws DimseError when it cannot be asked */
  async run(record: DeliveryRecord, to: Destination, reason: string, signal: AbortSignal): Promise<Outcome> {
    const { instance, replaced } = record;
    const { sopClassUid, transferSyntaxUid, bytes } = instance;
    const { transferSyntaxes: policy, maxObjectBytes } = to.config;
    const tooLarge = maxObjectBytes !== undefined && bytes > maxObjectBytes;
    const candidates = fallbackCandidates(instance, policy);
    const answer = await to.archive.accepts?.(sopClassUid, candidates, signal);
    const accepted = answer ?? (policy ? candidates : []);
    // the same again only in smaller pieces
    const chosen = accepted.find((uid) => uid !== transferSyntaxUid || tooLarge);
    if (chosen === undefined) return this.#refused(record, to, reason, accepted);
    const why = `${to.name} ${reason}; made anew in ${transferSyntaxName(chosen)}`;
    const rendition = fallbackRendition(instance, to.name, chosen, to.config, why);
    if (!rendition) return this.#refused(record, to, reason, accepted);
    return this.#settle.replaced(record, { rendition, round: replaced?.round ?? 0 });
  }

  #refused(record: DeliveryRecord, to: Destination, reason: string, accepted: readonly string[]): Promise<Outcome> {
    const takes = accepted.length > 0 ? `it accepts ${named(accepted)}` : nothing(record.instance, to);
    return this.#settle.dead(record, { code: 'transfer-syntax-refused', reason: `${to.name} ${reason}; ${takes}` });
  }
}
