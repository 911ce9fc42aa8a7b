import type { ClipDetail } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { IconCut, IconDeviceFloppy, IconPin, IconPinFilled, IconRefreshAlert } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './ClipTools.module.css';

/** What can be done with a clip while one stands at the panel: trim, keep, describe, try again. */
export function ClipTools({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [text, setText] = useState(clip.description ?? '');
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: keys.clip(clip.clipId) });
    await client.invalidateQueries({ queryKey: keys.procedureClips(clip.procedureId) });
  };
  const onError = (error: unknown) =>
    notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false });
  const change = useMutation({
    mutationFn: (body: { description?: string; keep?: boolean }) => api.changeClip(clip.clipId, body),
    onSuccess: async (_answer, body) => {
      if (body.description !== undefined) notifications.show({ message: t('tools.saved') });
      await refresh();
    },
    onError,
  });
  const retry = useMutation({
    mutationFn: () => api.retryClip(clip.clipId),
    onSuccess: async () => {
      notifications.show({ message: t('clip.retried') });
      await refresh();
    },
    onError,
  });
  return (
    <div className={classes.tools} data-testid="clip-tools">
      <form
        className={classes.describe}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ description: text.trim() });
        }}
      >
        <input
          type="text"
          value={text}
          maxLength={1000}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder={t('tools.describePlaceholder')}
          aria-label={t('tools.describe')}
          data-testid="tool-description"
        />
        <button
          type="submit"
          disabled={change.isPending || text.trim() === (clip.description ?? '')}
          data-testid="tool-save-description"
        >
          <IconDeviceFloppy size={32} aria-hidden />
          {t('app.save')}
        </button>
      </form>
      {clip.state === 'failed' && (
        <button type="button" disabled={retry.isPending} onClick={() => retry.mutate()} data-testid="tool-retry">
          <IconRefreshAlert size={32} aria-hidden />
          {t('console.retryClip')}
        </button>
      )}
      <button
        type="button"
        aria-pressed={clip.keep}
        disabled={change.isPending}
        onClick={() => change.mutate({ keep: !clip.keep })}
        data-testid="tool-keep"
      >
        {clip.keep ? <IconPinFilled size={32} aria-hidden /> : <IconPin size={32} aria-hidden />}
        {t(clip.keep ? 'tools.kept' : 'tools.keep')}
      </button>
      {clip.kind !== 'still' && (
        <Link to={`/clips/${clip.clipId}/edit`} data-testid="tool-trim">
          <IconCut size={32} aria-hidden />
          {t('tools.trim')}
        </Link>
      )}
    </div>
  );
}
