import type { StationView } from '@smartbox/contracts';
import {
  IconAlertTriangleFilled,
  IconAmbulance,
  IconDatabaseSearch,
  IconRefresh,
  IconSearch,
  IconX,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { keys, useWorklist } from '../api/queries.ts';
import type { WorklistItem } from '../api/schemas.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { applyProcedure } from '../feed/reduce.ts';
import { longDate } from '../format/dates.ts';
import { tileState } from '../live/tile-state.ts';
import { FeedBanner } from '../ui/FeedBanner.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import classes from './Console.module.css';
import { ConsoleHeader } from './ConsoleHeader.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import list from './Worklist.module.css';
import { WorklistNotes } from './WorklistNotes.tsx';
import { WorklistRow } from './WorklistRow.tsx';
import { WorklistSearch } from './WorklistSearch.tsx';

/** First screen of the room: today's patients, one tap selects and starts; an emergency needs no list at all. */
export function WorklistScreen({ station }: { station: StationView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow(30_000);
  const client = useQueryClient();
  const errorText = useErrorText();
  const feedAlive = useFeedHealth().status !== 'lost';
  const [search, setSearch] = useState('');
  const [help, setHelp] = useState(false);
  const [inRis, setInRis] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const [query] = useDebouncedValue(search.trim(), 250);
  const worklist = useWorklist(station.stationId, query);

  const start = useMutation({
    mutationFn: (worklistItemId: string | undefined) =>
      api.startProcedure({
        stationId: station.stationId,
        ...(worklistItemId === undefined ? { emergency: {} } : { worklistItemId }),
      }),
    onSuccess: (procedure) => {
      client.setQueryData<StationView[]>(keys.stations, (all) => all?.map((s) => applyProcedure(s, procedure)));
    },
  });

  const rows = (items: readonly WorklistItem[], anyDay = false) => (
    <ul className={list.rows} data-testid="worklist">
      {items.map((item) => (
        <WorklistRow
          key={item.itemId}
          item={item}
          anyDay={anyDay}
          busy={start.isPending && start.variables === item.itemId}
          disabled={start.isPending}
          onSelect={() => start.mutate(item.itemId)}
        />
      ))}
    </ul>
  );
  const closeRis = () => {
    flushSync(() => setInRis(false));
    opener.current?.focus();
  };

  return (
    <>
      <ConsoleHeader station={station} onHelp={() => setHelp(true)} full>
        <div>
          <h1 className={list.title}>{t(inRis ? 'worklist.ris.title' : 'worklist.title')}</h1>
          <p className={list.subtitle}>
            {longDate(now, locale)} · {t('worklist.hint')}
          </p>
        </div>
      </ConsoleHeader>
      <FeedBanner text={t('feed.lostConsole')} large />
      {start.error && (
        <div className={classes.failure} role="alert" data-testid="start-failed">
          <IconAlertTriangleFilled size={40} aria-hidden />
          <div className={classes.failureText}>
            <strong>{t('error.title')}</strong>
            <span>{errorText(start.error)}</span>
          </div>
          <button type="button" className={classes.failureButton} onClick={() => start.reset()}>
            {t('app.ok')}
          </button>
        </div>
      )}
      <main className={list.main}>
        <section className={list.listSide} aria-label={t('worklist.title')}>
          {inRis ? (
            <WorklistSearch
              onClose={closeRis}
              rows={(items) => rows(items, true)}
              awayHint={t('worklist.ris.awayHint')}
            />
          ) : (
            <>
              <div className={list.tools}>
                <label className={list.search}>
                  <IconSearch size={30} aria-hidden />
                  <input
                    type="text"
                    inputMode="search"
                    value={search}
                    onChange={(event) => setSearch(event.currentTarget.value)}
                    placeholder={t('worklist.search')}
                    aria-label={t('worklist.search')}
                    data-testid="worklist-search"
                  />
                  {search !== '' && (
                    <button type="button" onClick={() => setSearch('')} aria-label={t('worklist.clearSearch')}>
                      <IconX size={30} aria-hidden />
                    </button>
                  )}
                </label>
                <button
                  type="button"
                  className={classes.iconButton}
                  onClick={() => void worklist.refetch()}
                  aria-label={t('worklist.refresh')}
                  data-busy={worklist.isFetching}
                >
                  <IconRefresh size={34} aria-hidden />
                </button>
                <button
                  type="button"
                  className={list.ris}
                  ref={opener}
                  onClick={() => setInRis(true)}
                  data-testid="ris-open"
                >
                  <IconDatabaseSearch size={34} aria-hidden /> {t('worklist.ris.open')}
                </button>
              </div>
              {worklist.data && <WorklistNotes answer={worklist.data} />}
              {worklist.data ? (
                worklist.data.items.length > 0 ? (
                  rows(worklist.data.items)
                ) : query === '' ? (
                  <Empty title={t('worklist.empty')} hint={t('worklist.emptyHint')} large />
                ) : (
                  <Empty title={t('worklist.noMatch', { query })} large />
                )
              ) : worklist.error ? (
                <Failed error={worklist.error} onRetry={() => void worklist.refetch()} large />
              ) : (
                <Loading large />
              )}
            </>
          )}
        </section>
        <aside className={list.aside}>
          <button
            type="button"
            className={list.emergency}
            disabled={start.isPending}
            onClick={() => start.mutate(undefined)}
            data-testid="emergency"
          >
            <IconAmbulance size={64} stroke={1.6} aria-hidden />
            <span className={list.emergencyTitle}>
              {start.isPending && start.variables === undefined ? t('worklist.starting') : t('worklist.emergency')}
            </span>
            <span>{t('worklist.emergencyHint')}</span>
          </button>
          <h2 className={list.sourcesTitle}>{t('worklist.sources')}</h2>
          <ul className={list.sources}>
            {station.sources.map((source) => (
              <li key={source.sourceId}>
                <span>{source.name}</span>
                <StateBadge
                  state={tileState(station, source, feedAlive ? 'playing' : 'connecting', feedAlive)}
                  size="lg"
                />
                {source.reason !== undefined && source.state !== 'live' && <small>{source.reason}</small>}
              </li>
            ))}
          </ul>
        </aside>
      </main>
      <HelpDialog stationId={station.stationId} open={help} onClose={() => setHelp(false)} />
    </>
  );
}
