import { Button, Select, TextInput } from '@mantine/core';
import { ClipState } from '@smartbox/contracts';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useDebouncedValue } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { useClips, useStations } from '../api/queries.ts';
import panel from '../ui/Panel.module.css';
import { PageTitle } from '../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { RecordingsTable } from './RecordingsTable.tsx';
import { useClipQuery } from './useClipQuery.ts';

/** All recordings: searched, filtered and paged by the server. */
export function RecordingsPage() {
  const { t } = useTranslation();
  const { raw, query, set, reset, filtered } = useClipQuery();
  const { data: stations } = useStations();
  const clips = useClips(query);
  const items = useMemo(() => clips.data?.pages.flatMap((page) => page.items) ?? [], [clips.data]);
  const total = clips.data?.pages[0]?.total;
  return (
    <>
      <PageTitle
        title={t('recordings.title')}
        subtitle={total === undefined ? ' ' : t('recordings.total', { count: total })}
      >
        <Button
          component="a"
          href={api.clipsCsvUrl(query)}
          download
          variant="default"
          leftSection={<IconDownload size={18} aria-hidden />}
          data-testid="csv"
        >
          {t('recordings.csv')}
        </Button>
      </PageTitle>
      <div className={panel.filters} role="search">
        <SearchField key={raw.q === '' ? 'empty' : 'filled'} value={raw.q} onChange={(value) => set('q', value)} />
        <Select
          label={t('recordings.state')}
          placeholder={t('recordings.all')}
          clearable
          value={raw.state || null}
          onChange={(value) => set('state', value ?? '')}
          data={ClipState.options.map((state) => ({ value: state, label: t(`clipState.${state}`) }))}
        />
        <Select
          label={t('recordings.room')}
          placeholder={t('recordings.all')}
          clearable
          value={raw.station || null}
          onChange={(value) => set('station', value ?? '')}
          data={(stations ?? []).map((s) => ({ value: s.stationId, label: s.name }))}
        />
        <TextInput
          type="date"
          label={t('recordings.from')}
          value={raw.from}
          max={raw.to || undefined}
          onChange={(event) => set('from', event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t('recordings.to')}
          value={raw.to}
          min={raw.from || undefined}
          onChange={(event) => set('to', event.currentTarget.value)}
        />
        {filtered && (
          <Button variant="subtle" onClick={reset}>
            {t('recordings.reset')}
          </Button>
        )}
      </div>
      {items.length > 0 ? (
        <>
          <RecordingsTable
            items={items}
            stations={stations ?? []}
            sort={raw.sort}
            onSort={(sort) => set('sort', sort)}
          />
          <div className={panel.more}>
            {clips.hasNextPage ? (
              <Button
                variant="default"
                size="md"
                loading={clips.isFetchingNextPage}
                onClick={() => void clips.fetchNextPage()}
                data-testid="more"
              >
                {t('recordings.more')}
              </Button>
            ) : (
              items.length > 20 && t('recordings.end')
            )}
          </div>
        </>
      ) : clips.isPending ? (
        <Loading />
      ) : clips.error ? (
        <Failed error={clips.error} onRetry={() => void clips.refetch()} />
      ) : filtered ? (
        <Empty title={t('recordings.noMatch')}>
          <Button variant="default" onClick={reset}>
            {t('recordings.reset')}
          </Button>
        </Empty>
      ) : (
        <Empty title={t('recordings.empty')} hint={t('recordings.emptyHint')} />
      )}
    </>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [settled] = useDebouncedValue(text, 300);
  useEffect(() => {
    if (settled !== value) onChange(settled);
    // Only what was typed is sent; a change of the URL mounts the field anew.
  }, [settled]);
  return (
    <TextInput
      type="search"
      label={t('recordings.find')}
      placeholder={t('recordings.search')}
      leftSection={<IconSearch size={18} aria-hidden />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      data-testid="search"
    />
  );
}
