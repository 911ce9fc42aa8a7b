import { Button } from '@mantine/core';
import { ClipState } from '@smartbox/contracts';
import { IconDownload } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Allowed } from '../account/Allowed.tsx';
import { api } from '../api/client.ts';
import { useAppConfig, useClips, useStations } from '../api/queries.ts';
import panel from '../ui/Panel.module.css';
import { FilterDays, FilterSelect } from '../ui/Filters.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { SearchField } from '../ui/SearchField.tsx';
import classes from './Recordings.module.css';
import { RecordingsTable } from './RecordingsTable.tsx';
import { SavedSearches } from './SavedSearches.tsx';
import { useRecipeTitle } from './useRecipeTitle.ts';
import { kinds, qualities, sizeNames, useClipQuery } from './useClipQuery.ts';

/** All recordings: searched, filtered and paged by the server. */
export function RecordingsPage() {
  const { t } = useTranslation();
  const { raw, query, set, reset, open, text, filtered } = useClipQuery();
  const { data: stations } = useStations();
  const { data: config } = useAppConfig();
  const recipeTitle = useRecipeTitle();
  const clips = useClips(query);
  const items = useMemo(() => clips.data?.pages.flatMap((page) => page.items) ?? [], [clips.data]);
  const total = clips.data?.pages[0]?.total;
  return (
    <>
      <PageTitle
        title={t('recordings.title')}
        subtitle={total === undefined ? ' ' : t('recordings.total', { count: total })}
      >
        <Allowed to="clip.export">
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
        </Allowed>
      </PageTitle>
      <div className={panel.filters} role="search">
        <SearchField
          label={t('recordings.find')}
          placeholder={t('recordings.search')}
          value={raw.q}
          onChange={(value) => set('q', value)}
          testId="search"
        />
        <FilterSelect
          label={t('recordings.state')}
          value={raw.state}
          onChange={(value) => set('state', value)}
          data={ClipState.options.map((state) => ({ value: state, label: t(`clipState.${state}`) }))}
        />
        <FilterSelect
          label={t('recordings.room')}
          value={raw.station}
          onChange={(value) => set('station', value)}
          data={(stations ?? []).map((s) => ({ value: s.stationId, label: s.name }))}
        />
        <FilterDays from={raw.from} to={raw.to} onChange={set} />
        <FilterSelect
          label={t('recordings.kind')}
          value={raw.kind}
          onChange={(value) => set('kind', value)}
          data={kinds.map((kind) => ({ value: kind, label: t(`clipKind.${kind}`) }))}
        />
        <FilterSelect
          label={t('recordings.recipe')}
          value={raw.recipe}
          onChange={(value) => set('recipe', value)}
          data={(config?.recipes ?? []).map(({ name }) => ({ value: name, label: recipeTitle(name) }))}
          testId="filter-recipe"
        />
        <FilterSelect
          label={t('search.quality')}
          value={raw.quality}
          onChange={(value) => set('quality', value)}
          data={qualities.map((quality) => ({ value: quality, label: t(`search.${quality}`) }))}
          testId="filter-quality"
        />
        <FilterSelect
          label={t('recordings.size')}
          value={raw.size}
          onChange={(value) => set('size', value)}
          data={sizeNames.map((size) => ({ value: size, label: t(`search.size.${size}`) }))}
        />
        {filtered && (
          <Button variant="subtle" onClick={reset}>
            {t('recordings.reset')}
          </Button>
        )}
      </div>
      {raw.procedure !== '' && (
        <p className={classes.one}>
          {t('recordings.oneProcedure')}
          <Button size="compact-sm" variant="subtle" onClick={() => set('procedure', '')}>
            {t('recordings.allProcedures')}
          </Button>
        </p>
      )}
      <SavedSearches current={text} onOpen={open} />
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
