import { Button, SegmentedControl } from '@mantine/core';
import { IconArrowLeft, IconChevronDown, IconChevronRight, IconSend } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import { adminApi, adminKeys } from '../../api/admin.ts';
import type { WebhookMessage } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { useErrorText } from '../../app/useErrorText.ts';
import { dayTime } from '../../format/dates.ts';
import { CopyText } from '../../recordings/CopyText.tsx';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../../ui/Placeholder.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import admin from '../Admin.module.css';
import { messageLooks } from '../looks.ts';
import classes from './Webhooks.module.css';

const states = ['delivered', 'waiting', 'failed'] as const;
const PAGE = 50;

/** What was sent to one webhook, what became of it, and once more where a person wants it. */
export function WebhookLogPage() {
  const { t } = useTranslation();
  const { name = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const state = states.find((each) => each === params.get('state'));
  const log = useInfiniteQuery({
    queryKey: [...adminKeys.webhookMessages(name), state],
    queryFn: ({ pageParam }) =>
      adminApi.webhookMessages(name, { ...(state ? { state } : {}), ...(pageParam ? { before: pageParam } : {}) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.messageId),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
  const messages = log.data?.pages.flat() ?? [];
  return (
    <>
      <Link to="/admin/webhooks" className={admin.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('webhooks.title')}
      </Link>
      <PageTitle title={t('webhooks.logOf', { name })} subtitle={t('webhooks.logHint')}>
        <SegmentedControl
          aria-label={t('recordings.state')}
          value={state ?? ''}
          onChange={(value) => setParams(value === '' ? {} : { state: value })}
          data={[
            { value: '', label: t('recordings.all') },
            ...states.map((each) => ({ value: each, label: t(`webhooks.state.${each}`) })),
          ]}
          data-testid="filter-state"
        />
      </PageTitle>
      {messages.length > 0 ? (
        <div className={panel.tableWrap}>
          <table className={`${panel.table} ${panel.stacked}`} data-testid="messages">
            <thead>
              <tr>
                <th>{t('recordings.state')}</th>
                <th>{t('webhooks.type')}</th>
                <th>{t('webhooks.answer')}</th>
                <th>{t('deliveries.attempts')}</th>
                <th>{t('deliveries.updated')}</th>
                <th>
                  <span className="visually-hidden">{t('webhooks.resend')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {messages.map((message) => (
                <Message key={message.messageId} webhook={name} message={message} />
              ))}
            </tbody>
          </table>
          {log.hasNextPage && (
            <div className={panel.more}>
              <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
                {t('recordings.more')}
              </Button>
            </div>
          )}
        </div>
      ) : log.isPending ? (
        <Loading />
      ) : log.error ? (
        <Failed error={log.error} onRetry={() => void log.refetch()} />
      ) : (
        <Empty title={t('webhooks.logEmpty')} hint={t('webhooks.logEmptyHint')} />
      )}
    </>
  );
}

function Message({ webhook, message }: { webhook: string; message: WebhookMessage }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [open, setOpen] = useState(false);
  const time = (at: string) => dayTime(at, locale, new Date());
  const resend = useMutation({
    mutationFn: () => adminApi.resendWebhook(webhook, message.messageId),
    onSettled: () => client.invalidateQueries({ queryKey: adminKeys.webhooks }),
  });
  const { messageId, type, state, attempts, status, reason, lastAt, nextAt, body } = message;
  return (
    <Fragment>
      <tr data-testid={`message-${messageId}`} data-state={state}>
        <td data-label={t('recordings.state')}>
          <Badge look={messageLooks[state]} text={t(`webhooks.state.${state}`)} size="sm" />
        </td>
        <td data-label={t('webhooks.type')}>
          <button
            type="button"
            className={classes.expand}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            data-testid="show-body"
          >
            {open ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
            <span className={panel.mono}>{type}</span>
          </button>
        </td>
        <td data-label={t('webhooks.answer')} className={classes.answer}>
          {reason ?? (status === undefined ? '–' : `HTTP ${status}`)}
          {nextAt !== undefined && <div className={panel.soft}>{t('delivery.retryAt', { time: time(nextAt) })}</div>}
          {resend.error && <div className={classes.reason}>{errorText(resend.error)}</div>}
        </td>
        <td data-label={t('deliveries.attempts')}>{attempts}</td>
        <td data-label={t('deliveries.updated')}>{time(lastAt)}</td>
        <td>
          {body !== undefined && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconSend size={16} aria-hidden />}
              loading={resend.isPending}
              onClick={() => resend.mutate()}
              data-testid="resend"
            >
              {t('webhooks.resend')}
            </Button>
          )}
        </td>
      </tr>
      {open && (
        <tr className={classes.sent}>
          <td colSpan={6}>
            <dl className={admin.facts}>
              <dt>{t('webhooks.id')}</dt>
              <dd>
                <CopyText text={messageId} what={t('webhooks.id')} />
              </dd>
              <dt>{t('webhooks.first')}</dt>
              <dd>{time(message.firstAt)}</dd>
              <dt>{t('webhooks.body')}</dt>
              <dd>
                <pre className={classes.body} tabIndex={0} data-testid="body">
                  {body === undefined ? t('webhooks.bodyUnknown') : pretty(body)}
                </pre>
              </dd>
            </dl>
          </td>
        </tr>
      )}
    </Fragment>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
