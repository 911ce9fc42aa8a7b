import type { RetentionFile, RetentionRule, RuleView } from '@smartbox/contracts';
import { createHash } from 'node:crypto';

/** Changes whenever what would be removed may change. */
export const rulesHash = ({ mode, rules }: RetentionFile): string =>
  createHash('sha256')
    .update(JSON.stringify([mode, rules]))
    .digest('hex');

/** From when on the rules act that were first read at `since`. */
export const actsFrom = ({ noticeHours }: RetentionFile, since: Date): Date =>
  new Date(since.getTime() + noticeHours * 3_600_000);

const lists = ['kinds', 'stations', 'sources', 'recipes', 'consent'] as const;

/** Everything that `inner` fits, `outer` fits too. */
function covers(outer: RetentionRule, inner: RetentionRule): boolean {
  const listed = lists.every((name) => {
    const wanted: readonly string[] | undefined = outer[name];
    return wanted === undefined || (inner[name]?.every((value) => wanted.includes(value)) ?? false);
  });
  const pacs = outer.pacs === undefined || outer.pacs === inner.pacs;
  const length = outer.longerThanSeconds === undefined || (inner.longerThanSeconds ?? 0) >= outer.longerThanSeconds;
  return listed && pacs && length && outer.takenBack === inner.takenBack;
}

/** Why a rule can never remove anything, whatever is stored: a mistake that would else go unnoticed for years. */
export function neverOf(rules: readonly RetentionRule[], index: number): RuleView['never'] {
  const rule = rules[index];
  if (!rule || rule.days === 'never') return undefined;
  if (rules.slice(0, index).some((earlier) => covers(earlier, rule))) return 'hidden-by-earlier-rule';
  return rule.pacs === false && rule.needs !== 'saved' ? 'not-archived-by-design' : undefined;
}
