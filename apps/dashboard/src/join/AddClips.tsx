import type { ClipDetail, ClipView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { clipOptions, procedureClipsOptions } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { dayTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './Join.module.css';
import type { JoinPart } from './useJoin.ts';

/** Filmed, saved, and still here. */
const isJoinable = ({ kind, removed, savedMs, bytes }: ClipView): boolean =>
  kind !== 'still' && removed === undefined && savedMs !== undefined && bytes > 0;

interface Props {
  procedureId: string;
  parts: readonly JoinPart[];
  onAdd: (clip: ClipDetail) => void;
  full: boolean;
}

/** What else was saved of the same procedure, oldest first. */
export function AddClips({ procedureId, parts, onAdd, full }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const client = useQueryClient();
  const errorText = useErrorText();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data, error, refetch } = useQuery(procedureClipsOptions(procedureId, feedAlive));
  const add = useMutation({
    mutationFn: (clipId: string) => client.fetchQuery(clipOptions(clipId)),
    onSuccess: onAdd,
    onError: (failure) => notifications.show({ color: 'red', message: errorText(failure), autoClose: false }),
  });
  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const clips = data.filter(isJoinable).sort((a, b) => a.requestedAt.localeCompare(b.requestedAt));
  if (clips.length < 2) return <p className={classes.none}>{t('join.noOther')}</p>;
  return (
    <>
      {full && <p className={classes.none}>{t('join.full')}</p>}
      <ul className={classes.list} data-testid="join-clips">
        {clips.map((clip) => {
          const at = dayTime(clip.requestedAt, locale, new Date());
          const used = parts.filter(({ clipId }) => clipId === clip.clipId).length;
          return (
            <li key={clip.clipId} className={classes.candidate} data-testid={`add-${clip.clipId}`}>
              <span className={classes.go}>
                <Thumb url={clip.posterUrl} />
                <span className={classes.words}>
                  <strong>{at}</strong>
                  {clip.description !== undefined && <span className={classes.about}>{clip.description}</span>}
                  <span className="tnum">
                    {stopwatch(clip.savedMs ?? 0)}
                    {used > 0 && ` · ${t('join.used', { count: used })}`}
                  </span>
                </span>
              </span>
              <Button
                size="md"
                variant="default"
                leftSection={<IconPlus size={18} aria-hidden />}
                disabled={full}
                loading={add.isPending && add.variables === clip.clipId}
                onClick={() => add.mutate(clip.clipId)}
                aria-label={t('join.addClip', { time: at })}
                data-testid="add-clip"
              >
                {t('join.add')}
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}
