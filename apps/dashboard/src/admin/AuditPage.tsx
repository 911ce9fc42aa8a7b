import { Button } from '@mantine/core';
import { AuditKind } from '@smartbox/contracts';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { FilterDays, FilterSelect } from '../ui/Filters.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { SearchField } from '../ui/SearchField.tsx';
import { AuditTable } from './AuditTable.tsx';
import { ChainState } from './ChainState.tsx';
import { outcomes, useAuditQuery } from './useAuditQuery.ts';

/** Who did what: searched, read, taken away, and whether it can be trusted. */
export function AuditPage() {
  const { t } = useTranslation();
  const { raw, query, set, reset, filtered } = useAuditQuery();
  const audit = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam }) => accessApi.audit(query, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.nextCursor === undefined ? undefined : Number(last.nextCursor)),
  });
  const entries = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageTitle title={t('app.audit')}>
        {(['csv', 'atna'] as const).map((format) => (
          <Button
            key={format}
            component="a"
            href={accessApi.auditUrl(query, format)}
            download
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
            data-testid={`audit-${format}`}
          >
            {t(`auditLog.${format}`)}
          </Button>
        ))}
      </PageTitle>
      <ChainState />
      <div className={panel.filters} role="search">
        <SearchField
          label={t('auditLog.object')}
          placeholder={t('auditLog.objectHint')}
          value={raw.object}
          onChange={(value) => set('object', value)}
          testId="audit-object"
        />
        <SearchField
          label={t('auditLog.person')}
          value={raw.person}
          onChange={(value) => set('person', value)}
          testId="audit-person"
        />
        <FilterSelect
          label={t('auditLog.kind')}
          value={raw.kind}
          onChange={(value) => set('kind', value)}
          data={AuditKind.options.map((kind) => ({ value: kind, label: t(`auditLog.kinds.${kind}`) }))}
          testId="audit-kind"
        />
        <FilterSelect
          label={t('auditLog.outcome')}
          value={raw.outcome}
          onChange={(value) => set('outcome', value)}
          data={outcomes.map((outcome) => ({ value: outcome, label: t(`auditLog.${outcome}`) }))}
        />
        <FilterDays from={raw.from} to={raw.to} onChange={set} />
        {filtered && (
          <Button variant="subtle" onClick={reset}>
            {t('recordings.reset')}
          </Button>
        )}
      </div>
      {entries.length > 0 ? (
        <>
          <AuditTable entries={entries} />
          {audit.hasNextPage && (
            <div className={panel.more}>
              <Button
                variant="default"
                size="md"
                loading={audit.isFetchingNextPage}
                onClick={() => void audit.fetchNextPage()}
                data-testid="more"
              >
                {t('recordings.more')}
              </Button>
            </div>
          )}
        </>
      ) : audit.isPending ? (
        <Loading />
      ) : audit.error ? (
        <Failed error={audit.error} onRetry={() => void audit.refetch()} />
      ) : (
        <Empty title={t('auditLog.empty')} />
      )}
    </>
  );
}
