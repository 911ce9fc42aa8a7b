import { Button, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangleFilled, IconCheck, IconListDetails, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { adminApi, webhooksOptions } from '../../api/admin.ts';
import type { Webhook } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { useErrorText } from '../../app/useErrorText.ts';
import { dayTime } from '../../format/dates.ts';
import { elapsed } from '../../format/quantities.ts';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../../ui/Placeholder.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import admin from '../Admin.module.css';
import { ConfigNote } from '../ConfigNote.tsx';
import { messageLooks } from '../looks.ts';
import classes from './Webhooks.module.css';

/** Other systems that are told what happens, and how that goes. */
export function WebhooksPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(webhooksOptions);
  return (
    <>
      <PageTitle title={t('webhooks.title')} subtitle={t('webhooks.hint')} />
      <ConfigNote area="webhooks" />
      {data ? (
        data.length === 0 ? (
          <Empty title={t('webhooks.empty')} hint={t('webhooks.emptyHint')} />
        ) : (
          <ul className={classes.list} data-testid="webhooks">
            {data.map((webhook) => (
              <WebhookCard key={webhook.name} webhook={webhook} />
            ))}
          </ul>
        )
      ) : isPending ? (
        <Loading />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

function WebhookCard({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const { name, origin, types, reach, waiting, failed, lastDeliveredAt } = webhook;
  const test = useMutation({ mutationFn: () => adminApi.testWebhook(name) });
  return (
    <li className={panel.panel} data-testid={`webhook-${name}`}>
      <div className={classes.head}>
        <h2>{name}</h2>
        {failed > 0 ? (
          <Badge look={messageLooks.failed} text={t('webhooks.failed', { count: failed })} />
        ) : waiting > 0 ? (
          <Badge look={messageLooks.waiting} text={t('webhooks.waiting', { count: waiting })} />
        ) : (
          <Badge look={messageLooks.delivered} text={t('webhooks.well')} />
        )}
      </div>
      <dl className={admin.facts}>
        <dt>{t('destinations.address')}</dt>
        <dd className={panel.mono}>{origin}</dd>
        <dt>{t('webhooks.reach')}</dt>
        <dd>{t(`webhooks.reachOf.${reach}`)}</dd>
        <dt>{t('webhooks.types')}</dt>
        <dd className={panel.mono}>{types.join(', ')}</dd>
        <dt>{t('webhooks.last')}</dt>
        <dd>{lastDeliveredAt === undefined ? t('webhooks.never') : dayTime(lastDeliveredAt, locale, new Date())}</dd>
        {waiting > 0 && failed > 0 && (
          <>
            <dt>{t('destinations.queue')}</dt>
            <dd>{t('webhooks.waiting', { count: waiting })}</dd>
          </>
        )}
      </dl>
      <div className={classes.foot} aria-live="polite">
        <Button
          component={Link}
          to={`/admin/webhooks/${name}`}
          variant="default"
          leftSection={<IconListDetails size={18} aria-hidden />}
          data-testid={`log-${name}`}
        >
          {t('webhooks.log')}
          <VisuallyHidden>{name}</VisuallyHidden>
        </Button>
        <Button
          variant="default"
          leftSection={<IconSend size={18} aria-hidden />}
          loading={test.isPending}
          onClick={() => test.mutate()}
          data-testid={`test-${name}`}
        >
          {t('webhooks.test')}
          <VisuallyHidden>{name}</VisuallyHidden>
        </Button>
        {test.data?.ok && (
          <Badge
            look={['good', IconCheck]}
            text={t('webhooks.testOk', {
              status: test.data.status ?? 0,
              time: elapsed(test.data.durationMs, locale),
            })}
          />
        )}
        {test.data?.ok === false && (
          <>
            <Badge look={['bad', IconAlertTriangleFilled]} text={t('webhooks.testFailed')} />
            <span className={classes.reason}>{test.data.reason}</span>
          </>
        )}
        {test.error && <span className={classes.reason}>{errorText(test.error)}</span>}
      </div>
    </li>
  );
}
