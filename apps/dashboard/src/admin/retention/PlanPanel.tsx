import type { PlannedDay, RetentionView } from '@smartbox/contracts';
import { SegmentedControl } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { retentionPlanOptions } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { siteDay } from '../../format/dates.ts';
import { bytes, count } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import { Failed, Loading } from '../../ui/Placeholder.tsx';
import { ItemList } from './ItemList.tsx';
import classes from './Retention.module.css';
import { useRuleText } from './useRuleText.ts';

const horizons = ['7', '30', '90', '365'] as const;

/** What goes (or would go) on which day, and how much it sets free; each day opens into its items. */
export function PlanPanel({ rules, acts }: { rules: RetentionView['rules']; acts: boolean }) {
  const { t } = useTranslation();
  const [days, setDays] = useState<string>('30');
  const { data, error, refetch } = useQuery(retentionPlanOptions(Number(days)));
  const { titleOf } = useRuleText();
  const most = Math.max(1, ...(data ?? []).map((day) => day.bytes));
  return (
    <section className={panel.panel}>
      <div className={classes.head}>
        <h2>{t(acts ? 'retention.plan' : 'retention.planDry')}</h2>
        <SegmentedControl
          aria-label={t('retention.horizon')}
          value={days}
          onChange={setDays}
          data={horizons.map((value) => ({ value, label: t('retention.days', { count: Number(value) }) }))}
          data-testid="horizon"
        />
      </div>
      {data ? (
        data.length === 0 ? (
          <p className={panel.soft}>{t('retention.planEmpty')}</p>
        ) : (
          <ul className={classes.plan} data-testid="plan">
            {data.map((day) => (
              <Day
                key={`${day.date}/${day.rule}`}
                day={day}
                rule={titleOf(rules.find(({ name }) => name === day.rule) ?? { name: day.rule })}
                most={most}
              />
            ))}
          </ul>
        )
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </section>
  );
}

function Day({ day, rule, most }: { day: PlannedDay; rule: string; most: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  return (
    <li data-testid={`day-${day.date}-${day.rule}`}>
      <button type="button" className={classes.day} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
        <span className={classes.date}>{siteDay(day.date, locale)}</span>
        <span className={classes.rule}>{rule}</span>
        <span className={classes.bar} aria-hidden>
          <span style={{ width: `${(day.bytes / most) * 100}%` }} />
        </span>
        <span className={classes.freed}>
          {t('retention.items', { count: day.items, items: count(day.items, locale) })} · {bytes(day.bytes, locale)}
          {day.notYet.items > 0 && (
            <span className={classes.notYet}>
              {t('retention.notYet', { count: day.notYet.items, items: count(day.notYet.items, locale) })}
            </span>
          )}
        </span>
      </button>
      {open && <ItemList query={{ date: day.date, rule: day.rule }} />}
    </li>
  );
}
