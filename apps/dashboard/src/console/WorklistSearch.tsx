import { Loader } from '@mantine/core';
import { IconArrowLeft, IconPlus, IconSearch } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistQuery } from '../api/client.ts';
import { useWorklistSearch } from '../api/queries.ts';
import type { WorklistItem } from '../api/schemas.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { dayTime } from '../format/dates.ts';
import { DayField } from '../ui/DayField.tsx';
import { Empty, Failed } from '../ui/Placeholder.tsx';
import { Note } from './WorklistNotes.tsx';
import classes from './WorklistSearch.module.css';

const FIELDS = ['name', 'patientId', 'accession', 'modality', 'date'] as const;
/** What a visible light room is scheduled under (PS3.3 C.7.3.1.1.1). */
const MODALITIES = ['ES', 'XC', 'GM', 'OT'];
const NOTHING: WorklistQuery = { name: '', patientId: '', accession: '', modality: '', date: '' };
const PAGE = 25;

interface Props {
  onClose: () => void;
  rows: (items: readonly WorklistItem[]) => ReactNode;
  /** What to do while the information system is away. */
  awayHint: string;
  /** At a desk with mouse and keyboard: smaller. */
  desk?: boolean;
}

/** Whoever is not on today's list: looked for in the information system itself. Escape goes back to the list. */
export function WorklistSearch({ onClose, rows, awayHint, desk = false }: Props) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);
  const [asked, setAsked] = useState<{ query: WorklistQuery; time: number }>();
  const [empty, setEmpty] = useState(false);
  const [day, setDay] = useState('');

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const value = (name: string) => {
      const given = typed.get(name);
      return typeof given === 'string' ? given.trim() : '';
    };
    const query = { ...NOTHING, ...Object.fromEntries(FIELDS.map((name) => [name, value(name)])) };
    const nothing = FIELDS.every((name) => query[name] === '');
    setEmpty(nothing);
    if (nothing) form.current?.querySelector('input')?.focus();
    else setAsked({ query, time: Date.now() });
  };
  const text = (name: 'name' | 'patientId' | 'accession', max: number) => (
    <label className={classes.field} data-field={name}>
      <span>{t(`worklist.ris.${name}`)}</span>
      <input
        type="text"
        name={name}
        maxLength={max}
        autoComplete="off"
        autoFocus={name === 'name'}
        placeholder={name === 'name' ? t('worklist.ris.nameHint') : undefined}
        data-testid={`ris-${name}`}
      />
    </label>
  );

  return (
    <div
      className={classes.search}
      data-desk={desk}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      data-testid="ris-search"
    >
      <form className={classes.form} onSubmit={submit} ref={form} aria-label={t('worklist.ris.title')} noValidate>
        {text('name', 60)}
        {text('patientId', 64)}
        {text('accession', 16)}
        <label className={classes.field}>
          <span>{t('worklist.ris.modality')}</span>
          <select name="modality" defaultValue="" data-testid="ris-modality">
            <option value="">{t('worklist.ris.anyModality')}</option>
            {MODALITIES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <div className={classes.field}>
          <DayField large={!desk} label={t('worklist.ris.date')} value={day} onChange={setDay} testId="ris-date" />
          <input type="hidden" name="date" value={day} />
        </div>
        <div className={classes.actions}>
          <button type="submit" className={classes.submit} data-testid="ris-submit">
            <IconSearch className={classes.icon} aria-hidden /> {t('worklist.ris.submit')}
          </button>
          <button type="button" className={classes.close} onClick={onClose} data-testid="ris-close">
            <IconArrowLeft className={classes.icon} aria-hidden /> {t('worklist.ris.close')}
          </button>
        </div>
      </form>
      {asked ? (
        <Found key={asked.time} {...asked} rows={rows} awayHint={awayHint} large={!desk} />
      ) : (
        <p className={classes.hint} role={empty ? 'alert' : undefined} data-testid="ris-hint">
          {t(empty ? 'worklist.ris.needsOne' : 'worklist.ris.hint')}
        </p>
      )}
    </div>
  );
}

interface FoundProps extends Pick<Props, 'rows' | 'awayHint'> {
  query: WorklistQuery;
  time: number;
  large: boolean;
}

function Found({ query, time, rows, awayHint, large }: FoundProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow(30_000);
  const [limit, setLimit] = useState(PAGE);
  const { data, error, isFetching, refetch } = useWorklistSearch(query, time, limit);
  if (!data) {
    if (error && !isFetching) return <Failed error={error} onRetry={() => void refetch()} large={large} />;
    return <Asking />;
  }
  const { items, stale, asOf, truncated = false } = data;
  const more = truncated && items.length >= limit;
  return (
    <>
      {stale && (
        <Note id="ris-away" title={t('worklist.ris.away')}>
          {asOf && t('worklist.staleAsOf', { time: dayTime(asOf, locale, now) })} {awayHint}
        </Note>
      )}
      {items.length > 0 ? (
        <>
          <p className={classes.count} role="status" data-testid="ris-count">
            {t('worklist.ris.found', { count: items.length })}
          </p>
          {rows(items)}
        </>
      ) : (
        <Empty
          title={t(stale ? 'worklist.ris.nobodyKnown' : 'worklist.ris.nobody')}
          {...(stale ? {} : { hint: t('worklist.ris.nobodyHint') })}
          large={large}
        />
      )}
      {truncated && (
        <div className={classes.cut}>
          <Note id="ris-cut" title={t('worklist.ris.cut')}>
            {!more && t('worklist.ris.cutHint')}
          </Note>
          {more && (
            <button
              type="button"
              className={classes.close}
              onClick={() => setLimit(limit + PAGE)}
              aria-busy={isFetching}
              data-testid="ris-more"
            >
              {isFetching ? <Loader size={28} aria-hidden /> : <IconPlus className={classes.icon} aria-hidden />}{' '}
              {t('worklist.ris.more')}
            </button>
          )}
        </div>
      )}
      {stale && (
        <button type="button" className={classes.close} onClick={() => void refetch()} data-testid="ris-again">
          {isFetching ? <Loader size={28} aria-hidden /> : <IconSearch className={classes.icon} aria-hidden />}{' '}
          {t('app.retry')}
        </button>
      )}
    </>
  );
}

function Asking() {
  const { t } = useTranslation();
  return (
    <div className={classes.asking} role="status" data-testid="ris-asking">
      <Loader size="xl" aria-hidden />
      <p>{t('worklist.ris.asking')}</p>
    </div>
  );
}
