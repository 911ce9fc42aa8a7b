import type { RetentionBlock, RetentionView } from '@smartbox/contracts';
import { IconChevronDown, IconChevronRight, IconClock, IconGavel, IconPinFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../../app/locale.ts';
import { bytes, count } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import { ItemList } from './ItemList.tsx';
import classes from './Retention.module.css';

const icons = { keep: IconPinFilled, hold: IconGavel, 'not-yet': IconClock } as const;

/** What is due and stays all the same, with the reason: the list a person has to go through now and then. */
export function BlockedPanel({ blocked }: { blocked: RetentionView['blocked'] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [open, setOpen] = useState<RetentionBlock>();
  if (blocked.length === 0) return null;
  return (
    <section className={panel.panel}>
      <h2>{t('retention.blocked')}</h2>
      <p className={classes.hint}>{t('retention.blockedHint')}</p>
      <ul className={classes.plan} data-testid="blocked">
        {blocked.map(({ by, items, bytes: size }) => {
          const Icon = icons[by];
          return (
            <li key={by}>
              <button
                type="button"
                className={classes.day}
                aria-expanded={open === by}
                onClick={() => setOpen(open === by ? undefined : by)}
                data-testid={`blocked-${by}`}
              >
                {open === by ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
                <span className={classes.rule}>
                  <Icon size={18} aria-hidden /> {t(`retention.blockedBy.${by}`)}
                </span>
                <span className={classes.freed}>
                  {t('retention.items', { count: items, items: count(items, locale) })} · {bytes(size, locale)}
                </span>
              </button>
              {open === by && <ItemList query={{ blocked: by }} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
