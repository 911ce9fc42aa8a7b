import { Anchor, Button } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { adminApi, adminKeys } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { dayTime } from '../../format/dates.ts';
import { bytes, count } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import { usePatientName } from '../../ui/PatientText.tsx';
import { Failed, Loading } from '../../ui/Placeholder.tsx';

/** What was removed, by which rule and when. */
export function RemovalsPanel() {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const list = useInfiniteQuery({
    queryKey: [...adminKeys.retention, 'removals'],
    queryFn: ({ pageParam }) => adminApi.removals(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const items = list.data?.pages.flatMap((page) => page.items);
  return (
    <section className={panel.panel}>
      <h2>{t('retention.log')}</h2>
      {!items ? (
        list.error ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          <Loading />
        )
      ) : items.length === 0 ? (
        <p className={panel.soft}>{t('retention.logEmpty')}</p>
      ) : (
        <>
          <table className={`${panel.table} ${panel.stacked}`} data-testid="removals">
            <thead>
              <tr>
                <th>{t('recordings.when')}</th>
                <th>{t('recordings.patient')}</th>
                <th>{t('retention.what')}</th>
                <th>{t('retention.rule')}</th>
                <th>{t('retention.freed')}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.removalId}>
                  <td data-label={t('recordings.when')}>{dayTime(item.at, locale, new Date())}</td>
                  <td data-label={t('recordings.patient')}>
                    <Anchor component={Link} to={`/recordings/${item.clipId}`}>
                      {nameOf(item.patient.name)}
                    </Anchor>
                  </td>
                  <td data-label={t('retention.what')}>
                    {t(`retention.kind.${item.kind}`)} · {item.sourceId}
                  </td>
                  <td data-label={t('retention.rule')}>{item.rule}</td>
                  <td data-label={t('retention.freed')}>
                    {item.removedAt === undefined
                      ? t('retention.removing')
                      : `${bytes(item.bytes, locale)} · ${t('retention.objects', { count: item.objects, objects: count(item.objects, locale) })}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.hasNextPage && (
            <div className={panel.more}>
              <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {t('recordings.more')}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
