import type { ClipDetail } from '@smartbox/contracts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import { useClip } from '../api/queries.ts';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';

/** What a page shows of a clip once it is there; until then, without it, and where it cannot be had, words. */
export function OfClip({ clipId, children }: { clipId: string; children: (clip: ClipDetail) => ReactNode }) {
  const { t } = useTranslation();
  const { data: clip, error, refetch } = useClip(clipId);
  if (clip) return children(clip);
  if (error instanceof ApiError && error.status === 404) return <Empty title={t('clip.deleted')} />;
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  return <Loading />;
}
