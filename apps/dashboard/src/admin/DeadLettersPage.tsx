import type { DeadLetterView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconSend } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { adminApi, adminKeys } from '../api/admin.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dateTime } from '../format/dates.ts';
import { CopyText } from '../recordings/CopyText.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './Admin.module.css';
import { DiscardLetter } from './DiscardLetter.tsx';

const PAGE = 50;

/** Messages that a service gave up for good: when, who, which and why; once more to that service, or discarded. */
export function DeadLettersPage() {
  const { t } = useTranslation();
  const list = useInfiniteQuery({
    queryKey: adminKeys.deadLetters,
    queryFn: ({ pageParam }) => adminApi.deadLetters(pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.sequence),
    // What was delivered again goes away by itself, or comes back with a new reason.
    refetchInterval: 5_000,
  });
  const letters = list.data?.pages.flat() ?? [];
  const several = consumersOfSeveral(letters);
  return (
    <>
      <PageTitle title={t('deadLetters.title')} subtitle={t('deadLetters.hint')} />
      {several.length > 0 && (
        <div className={classes.letterGroups}>
          {several.map((consumer) => (
            <AllAgain key={consumer} consumer={consumer} />
          ))}
        </div>
      )}
      {letters.length > 0 ? (
        <div className={panel.tableWrap}>
          <table className={`${panel.table} ${panel.stacked}`} data-testid="dead-letters">
            <thead>
              <tr>
                <th>{t('deadLetters.when')}</th>
                <th>{t('deadLetters.who')}</th>
                <th>{t('deadLetters.what')}</th>
                <th>{t('deadLetters.why')}</th>
                <th>
                  <span className="visually-hidden">{t('deadLetters.actions')}</span>
                </th>
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

/** Consumers that gave up more than one of these. */
function consumersOfSeveral(letters: readonly DeadLetterView[]): string[] {
  const times = new Map<string, number>();
  for (const { consumer } of letters) times.set(consumer, (times.get(consumer) ?? 0) + 1);
  return [...times].flatMap(([consumer, count]) => (count > 1 ? [consumer] : []));
}

function useAgain<T>(deliver: () => Promise<T>, said: (answer: T) => string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  return useMutation({
    mutationFn: deliver,
    onSuccess: (answer) => notifications.show({ message: said(answer) }),
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
    onSettled: () => client.invalidateQueries({ queryKey: adminKeys.deadLetters }),
  });
}

function AllAgain({ consumer }: { consumer: string }) {
  const { t } = useTranslation();
  const again = useAgain(
    () => adminApi.deliverAllAgain(consumer),
    ({ letters }) => t('deadLetters.allOnTheirWay', { count: letters }),
  );
  return (
    <Button
      variant="default"
      leftSection={<IconSend size={16} aria-hidden />}
      loading={again.isPending}
      onClick={() => again.mutate()}
      data-testid={`again-all-${consumer}`}
    >
      {t('deadLetters.againAll', { consumer })}
    </Button>
  );
}

function Letter({ letter }: { letter: DeadLetterView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const again = useAgain(
    () => adminApi.deliverAgain(letter.sequence),
    () => t('deadLetters.onItsWay', { consumer: letter.consumer }),
  );
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
      <td>
        <div className={classes.letterActions}>
          <Button
            size="sm"
            variant="default"
            leftSection={<IconSend size={16} aria-hidden />}
            loading={again.isPending}
            onClick={() => again.mutate()}
            data-testid="again"
          >
            {t('deadLetters.again')}
          </Button>
          <DiscardLetter letter={letter} />
        </div>
      </td>
    </tr>
  );
}
