import type { RetentionView } from '@smartbox/contracts';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../../app/locale.ts';
import { bytes, count } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import classes from './Retention.module.css';
import { useRuleText } from './useRuleText.ts';

/** The rules in their order: the first one that fits decides. */
export function RulesPanel({ retention: { rules, unmatched } }: { retention: RetentionView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { titleOf, about, when } = useRuleText();
  return (
    <section className={panel.panel}>
      <h2>{t('retention.rules')}</h2>
      <p className={classes.hint}>{t('retention.rulesHint')}</p>
      {rules.length === 0 ? (
        <p className={panel.soft}>{t('retention.noRules')}</p>
      ) : (
        <ol className={classes.rules} data-testid="rules">
          {rules.map((rule) => (
            <li key={rule.name} data-testid={`rule-${rule.name}`}>
              <div>
                <strong>{titleOf(rule)}</strong>
                <div className={panel.soft}>{about(rule)}</div>
                <div>{when(rule)}</div>
                {rule.never !== undefined && (
                  <p className={classes.never} data-tone="warn">
                    <IconAlertTriangleFilled size={16} aria-hidden /> {t(`retention.never.${rule.never}`)}
                  </p>
                )}
              </div>
              <span className={classes.amount}>
                {t('retention.items', { count: rule.matched.items, items: count(rule.matched.items, locale) })}
                <span className={panel.soft}>{bytes(rule.matched.bytes, locale)}</span>
              </span>
            </li>
          ))}
          <li>
            <div>
              <strong>{t('retention.unmatched')}</strong>
              <div className={panel.soft}>{t('retention.stayForever')}</div>
            </div>
            <span className={classes.amount}>
              {t('retention.items', { count: unmatched.items, items: count(unmatched.items, locale) })}
              <span className={panel.soft}>{bytes(unmatched.bytes, locale)}</span>
            </span>
          </li>
        </ol>
      )}
    </section>
  );
}
