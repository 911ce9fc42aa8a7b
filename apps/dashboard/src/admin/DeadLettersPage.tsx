import type { DeadLetterView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { adminApi, adminKeys } from '../api/admin.ts';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { CopyText } from '../recordings/CopyText.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './Admin.module.css';

const PAGE = 50;

/** Messages that a service gave up for good: when, who, which and why. */
export function DeadLettersPage() {
  const { t } = useTranslation();
  const list = useInfiniteQuery({
    queryKey: adminKeys.deadLetters,
    queryFn: ({ pageParam }) => adminApi.deadLetters(pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.sequence),
  });
  const letters = list.data?.pages.flat() ?? [];
  return (
    <>
      <PageTitle title={t('deadLetters.title')} subtitle={t('deadLetters.hint')} />
      {letters.length > 0 ? (
        <div className={panel.tableWrap}>
          <table className={`${panel.table} ${panel.stacked}`} data-testid="dead-letters">
            <thead>
              <tr>
                <th>{t('deadLetters.when')}</th>
                <th>{t('deadLetters.who')}</th>
                <th>{t('deadLetters.what')}</th>
                <th>{t('deadLetters.why')}</th>
              </tr>
            </thead>
            <tbody>
              {letters.map((letter) => (
                <Letter key={letter.sequence} letter={letter} />
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
        </div>
      ) : list.isPending ? (
        <Loading />
      ) : list.error ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Empty title={t('deadLetters.empty')} hint={t('deadLetters.emptyHint')} />
      )}
    </>
  );
}

function Letter({ letter }: { letter: DeadLetterView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { sequence, at, service, consumer, subject, stream, streamSequence, deliveries, code, reason, traceId } =
    letter;
  return (
    <tr data-testid={`dead-letter-${sequence}`}>
      <td data-label={t('deadLetters.when')} className={classes.nowrap}>
        {dateTime(at, locale)}
      </td>
      <td data-label={t('deadLetters.who')}>
        <span className={panel.strong}>{service}</span>
        <div className={panel.soft}>{consumer}</div>
      </td>
      <td data-label={t('deadLetters.what')}>
        <span className={panel.mono}>{subject}</span>
        <div className={panel.soft}>{t('deadLetters.number', { number: streamSequence, stream })}</div>
      </td>
      <td data-label={t('deadLetters.why')}>
        <div>
          {reason}
          <div className={panel.soft}>
            {code} · {t('deadLetters.tries', { count: deliveries })}
          </div>
          {traceId !== undefined && <CopyText text={traceId} what={t('clip.trace')} />}
        </div>
      </td>
    </tr>
  );
}
