import type { ClipDetail } from '@smartbox/contracts';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { clipOptions } from '../api/queries.ts';
import { OfClip } from '../clip/OfClip.tsx';
import panel from '../recordings/Recordings.module.css';
import { Tombstone } from '../recordings/Tombstone.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Joiner } from './Joiner.tsx';
import { sourcesOf, useJoin } from './useJoin.ts';

/** `/clips/:clipId/join`: clips of one procedure become one film. */
export function JoinPage() {
  const { t } = useTranslation();
  const { clipId = '' } = useParams();
  return (
    <>
      <Link to={`/recordings/${clipId}`} className={panel.back} data-testid="back-to-clip">
        <IconArrowLeft size={18} aria-hidden />
        {t('editor.backToClip')}
      </Link>
      <OfClip clipId={clipId}>{(clip) => <Joinable clip={clip} />}</OfClip>
    </>
  );
}

function Joinable({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  if (clip.kind === 'still') return <Empty title={t('editor.still')} />;
  if (sourcesOf(clip).length > 0) return <Film key={clip.clipId} first={clip} />;
  return clip.removed ? <Tombstone removed={clip.removed} /> : <Empty title={t('clip.notYet')} />;
}

/** The clips of all parts are read before anything is shown. */
function Film({ first }: { first: ClipDetail }) {
  const join = useJoin(first);
  const ids = [...new Set(join.parts.map(({ clipId }) => clipId))];
  const { details, failed } = useQueries({
    queries: ids.map(clipOptions),
    combine: (results) => ({
      details: results.map(({ data }) => data),
      failed: results.find(({ error, data }) => error && !data),
    }),
  });
  const clips = useMemo(
    () => new Map(details.flatMap((clip) => (clip ? [[clip.clipId, clip] as const] : []))),
    [details],
  );
  if (failed) return <Failed error={failed.error} onRetry={() => void failed.refetch()} />;
  return ids.every((id) => clips.has(id)) ? <Joiner first={first} join={join} clips={clips} /> : <Loading />;
}
