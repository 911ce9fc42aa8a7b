import type { RetentionView } from '@smartbox/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { retentionOptions } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { dateTime } from '../../format/dates.ts';
import { bytes, count } from '../../format/quantities.ts';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Failed, Loading } from '../../ui/Placeholder.tsx';
import admin from '../Admin.module.css';
import { ConfigNote } from '../ConfigNote.tsx';
import { BlockedPanel } from './BlockedPanel.tsx';
import { HoldsPanel } from './HoldsPanel.tsx';
import { PlanPanel } from './PlanPanel.tsx';
import { RemovalsPanel } from './RemovalsPanel.tsx';
import classes from './Retention.module.css';
import { RulesPanel } from './RulesPanel.tsx';
import { StorePanel } from './StorePanel.tsx';

/** What is removed when and by which rule, what never is, what was, and how long the store will do. */
export function RetentionPage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(retentionOptions);
  return (
    <>
      <PageTitle title={t('retention.title')} subtitle={t('retention.hint')} />
      <ConfigNote area="retention" />
      {data ? (
        <Retention retention={data} />
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </>
  );
}

function Retention({ retention }: { retention: RetentionView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { mode, actsFrom, trouble, due, removed, blocked, store, perHour } = retention;
  const amount = ({ items, bytes: size }: { items: number; bytes: number }) => (
    <>
      <strong className="tnum">{count(items, locale)}</strong>
      <span>{bytes(size, locale)}</span>
    </>
  );
  const stays = blocked.reduce((sum, each) => ({ items: sum.items + each.items, bytes: sum.bytes + each.bytes }), {
    items: 0,
    bytes: 0,
  });
  return (
    <div className={admin.stack} data-testid="retention" data-mode={mode}>
      {mode !== 'on' && (
        <p className={admin.notice} data-tone={mode === 'none' ? 'idle' : 'busy'}>
          <strong>{t(`retention.mode.${mode}`)}</strong> {t(`retention.modeHint.${mode}`)}
        </p>
      )}
      {actsFrom !== undefined && (
        <p className={admin.notice} data-tone="warn" data-testid="acts-from">
          {t('retention.actsFrom', { time: dateTime(actsFrom, locale) })}
        </p>
      )}
      {trouble !== undefined && (
        <p className={admin.notice} data-tone="bad" role="alert">
          <strong>{t('retention.trouble')}</strong> {trouble}
        </p>
      )}
      <dl className={classes.sums}>
        <div>
          <dt>{t('retention.stored')}</dt>
          <dd>{amount(store.used)}</dd>
        </div>
        <div>
          <dt>{t(mode === 'on' ? 'retention.dueNow' : 'retention.wouldGo')}</dt>
          <dd data-testid="due">{amount(due)}</dd>
        </div>
        <div>
          <dt>{t('retention.stays')}</dt>
          <dd>{amount(stays)}</dd>
        </div>
        <div>
          <dt>{t('retention.removed')}</dt>
          <dd>{amount(removed)}</dd>
        </div>
      </dl>
      <StorePanel store={store} acts={mode === 'on'} />
      <RulesPanel retention={retention} />
      {mode !== 'none' && <PlanPanel rules={retention.rules} acts={mode === 'on'} />}
      <BlockedPanel blocked={blocked} />
      <HoldsPanel />
      <RemovalsPanel />
      <p className={panel.soft}>
        {t('retention.asOf', { time: dateTime(retention.asOf, locale) })}
        {mode === 'on' && ` · ${t('retention.pace', { count: perHour })}`}
      </p>
    </div>
  );
}
