import { Anchor, Button } from '@mantine/core';
import { DeliveryQueueItem } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { useMay } from '../account/session.ts';
import { api } from '../api/client.ts';
import { keys, useDeliveries, useDestinations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dayTime } from '../format/dates.ts';
import { bytes } from '../format/quantities.ts';
import { changed } from '../recordings/useClipQuery.ts';
import { FilterSelect } from '../ui/Filters.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { usePatientName } from '../ui/PatientText.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { ReasonText } from '../ui/ReasonText.tsx';
import { DeliveryBadge } from '../ui/StateBadge.tsx';

/** What waits for which archive, and why. */
export function DeliveriesPage() {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bytesOf = (size: number | undefined) => (size === undefined ? '' : bytes(size, locale));
  const errorText = useErrorText();
  const client = useQueryClient();
  const may = useMay()('delivery.retry');
  const [params, setParams] = useSearchParams();
  const state = params.get('state') ?? '';
  const destination = params.get('destination') ?? '';
  const known = DeliveryQueueItem.shape.state.safeParse(state).data;
  const { data: destinations } = useDestinations();
  const deliveries = useDeliveries({ state: known && [known], destination: destination || undefined });
  const items = deliveries.data?.pages.flatMap((page) => page.items) ?? [];
  const titleOf = (name: string) => destinations?.items.find((d) => d.name === name)?.title ?? name;
  const set = (field: string, value: string | null) => setParams(changed(field, value ?? ''), { replace: true });
  const retry = useMutation({
    mutationFn: (clipId: string) => api.retryClip(clipId),
    onSuccess: async () => {
      notifications.show({ message: t('clip.retried') });
      await client.invalidateQueries({ queryKey: keys.allDeliveries });
    },
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
  });

  return (
    <>
      <PageTitle title={t('deliveries.title')} />
      <div className={panel.filters}>
        <FilterSelect
          label={t('deliveries.destination')}
          value={destination}
          onChange={(value) => set('destination', value || null)}
          data={(destinations?.items ?? []).map((d) => ({ value: d.name, label: d.title }))}
          testId="filter-destination"
        />
        <FilterSelect
          label={t('deliveries.state')}
          value={state}
          onChange={(value) => set('state', value || null)}
          data={DeliveryQueueItem.shape.state.options.map((value) => ({ value, label: t(`delivery.${value}`) }))}
          testId="filter-state"
        />
      </div>
      {items.length > 0 ? (
        <div className={panel.tableWrap}>
          <table className={`${panel.table} ${panel.stacked}`} data-testid="deliveries">
            <thead>
              <tr>
                <th>{t('deliveries.state')}</th>
                <th>{t('deliveries.destination')}</th>
                <th>{t('deliveries.clip')}</th>
                <th>{t('deliveries.reason')}</th>
                <th>{t('deliveries.attempts')}</th>
                <th>{t('deliveries.updated')}</th>
                <th>
                  <span className="visually-hidden">{t('deliveries.retry')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.deliveryId} data-testid={`delivery-${item.deliveryId}`}>
                  <td data-label={t('deliveries.state')}>
                    <DeliveryBadge state={item.state} size="sm" />
                  </td>
                  <td className={panel.strong} data-label={t('deliveries.destination')}>
                    {titleOf(item.destination)}
                  </td>
                  <td data-label={t('deliveries.clip')}>
                    <Anchor component={Link} to={`/recordings/${item.clipId}`}>
                      {nameOf(item.patient.name)}
                    </Anchor>
                    <div className={panel.soft}>{bytesOf(item.bytes)}</div>
                  </td>
                  <td data-label={t('deliveries.reason')}>
                    <span>
                      <ReasonText code={item.code} reason={item.reason} />
                    </span>
                    {item.retryAt !== undefined && (
                      <div className={panel.soft}>
                        {t('delivery.retryAt', { time: dayTime(item.retryAt, locale, new Date()) })}
                      </div>
                    )}
                  </td>
                  <td data-label={t('deliveries.attempts')}>{item.attempt}</td>
                  <td data-label={t('deliveries.updated')} style={{ whiteSpace: 'nowrap' }}>
                    {dayTime(item.updatedAt, locale, new Date())}
                  </td>
                  <td>
                    {may && (item.state === 'failed' || item.state === 'deferred') && (
                      <Button
                        size="xs"
                        variant="default"
                        loading={retry.isPending && retry.variables === item.clipId}
                        onClick={() => retry.mutate(item.clipId)}
                        data-testid={`retry-${item.deliveryId}`}
                      >
                        {t('deliveries.retry')}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {deliveries.hasNextPage && (
            <div className={panel.more}>
              <Button
                variant="default"
                loading={deliveries.isFetchingNextPage}
                onClick={() => void deliveries.fetchNextPage()}
              >
                {t('recordings.more')}
              </Button>
            </div>
          )}
        </div>
      ) : deliveries.isPending ? (
        <Loading />
      ) : deliveries.error ? (
        <Failed error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      ) : (
        <Empty title={t('deliveries.empty')} hint={t('deliveries.emptyHint')} />
      )}
    </>
  );
}
