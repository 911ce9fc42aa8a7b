import type { RetentionRule } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useStations } from '../../api/queries.ts';
import { stopwatch } from '../../format/quantities.ts';

/** What a rule is about and when it acts, in words. */
export function useRuleText() {
  const { t, i18n } = useTranslation();
  const { data: stations } = useStations();
  const titleOf = ({ title, name }: { title?: RetentionRule['title']; name: string }) =>
    title?.[i18n.language === 'de' ? 'de' : 'en'] ?? name;
  const about = (rule: RetentionRule): string => {
    const stationName = (id: string) => stations?.find(({ stationId }) => stationId === id)?.name ?? id;
    const parts = [
      rule.kinds?.map((kind) => t(`retention.kind.${kind}`)).join(', ') ?? t('retention.everything'),
      rule.sources && t('retention.ofSources', { names: rule.sources.join(', ') }),
      rule.stations && t('retention.ofRooms', { names: rule.stations.map(stationName).join(', ') }),
      rule.recipes && t('retention.ofRecipes', { names: rule.recipes.join(', ') }),
      rule.pacs === undefined ? undefined : t(rule.pacs ? 'retention.forPacs' : 'retention.notForPacs'),
      rule.consent && t('retention.withConsent', { states: rule.consent.map((c) => t(`consent.${c}`)).join(', ') }),
      rule.longerThanSeconds === undefined
        ? undefined
        : t('retention.longerThan', { time: stopwatch(rule.longerThanSeconds * 1000) }),
      rule.takenBack ? t('retention.takenBack') : undefined,
    ];
    return parts.filter((part) => part !== undefined).join(' · ');
  };
  const when = ({ days, needs }: RetentionRule): string =>
    days === 'never'
      ? t('retention.stayForever')
      : `${t('retention.afterDays', { count: days })} · ${t(`retention.needs.${needs}`)}`;
  return { titleOf, about, when };
}
