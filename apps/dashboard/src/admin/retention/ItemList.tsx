import type { RetentionBlock, RetentionItem } from '@smartbox/contracts';
import { Anchor, Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { adminApi, adminKeys } from '../../api/admin.ts';
import { useStations } from '../../api/queries.ts';
import { useLocale } from '../../app/locale.ts';
import { dayTime } from '../../format/dates.ts';
import { bytes } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import { usePatientName } from '../../ui/PatientText.tsx';
import { Failed, Loading } from '../../ui/Placeholder.tsx';
import classes from './Retention.module.css';

/** One by one: what goes on a day by a rule, or what stays because of something. */
export function ItemList({ query }: { query: { date?: string; rule?: string; blocked?: RetentionBlock } }) {
  const { t } = useTranslation();
  const list = useInfiniteQuery({
    queryKey: [...adminKeys.retention, 'items', query],
    queryFn: ({ pageParam }) => adminApi.retentionItems({ ...query, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
  });
  const items = list.data?.pages.flatMap((page) => page.items);
  if (!items) return list.error ? <Failed error={list.error} onRetry={() => void list.refetch()} /> : <Loading />;
  if (items.length === 0) return <p className={panel.soft}>{t('retention.gone')}</p>;
  return (
    <>
      <ul className={classes.items} data-testid="items">
        {items.map((item) => (
          <Item key={`${item.clipId}/${item.sourceId}/${item.renditionId ?? ''}`} item={item} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button size="sm" variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('recordings.more')}
        </Button>
      )}
    </>
  );
}

function Item({ item }: { item: RetentionItem }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const { data: stations } = useStations();
  const station = stations?.find(({ stationId }) => stationId === item.stationId);
  const source = station?.sources.find(({ sourceId }) => sourceId === item.sourceId)?.name ?? item.sourceId;
  return (
    <li>
      <Anchor component={Link} to={`/recordings/${item.clipId}`}>
        {nameOf(item.patient.name)}
      </Anchor>
      <span className={panel.soft}>
        {[
          `${t('patient.id')} ${item.patient.id}`,
          t(`retention.kind.${item.kind}`),
          `${station?.name ?? item.stationId}, ${source}`,
          dayTime(item.since, locale, new Date()),
          bytes(item.bytes, locale),
        ].join(' · ')}
        {item.blocked.includes('not-yet') && ` · ${t(`retention.needs.${item.needs}`)}`}
      </span>
    </li>
  );
}
