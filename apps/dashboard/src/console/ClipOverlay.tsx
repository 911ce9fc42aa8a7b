import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useClip } from '../api/queries.ts';
import { ClipVideo } from '../together/ClipVideo.tsx';
import { StillView } from '../clip/StillView.tsx';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import { ClipTools } from './ClipTools.tsx';
import classes from './Dialogs.module.css';

interface Props {
  clipId: string | undefined;
  names: Record<string, string>;
  onClose: () => void;
}

/** A saved clip over the console; the console stays where it is behind it. */
export function ClipOverlay({ clipId, names, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={clipId !== undefined}
      onClose={onClose}
      title={t('console.playerTitle')}
      fullScreen
      transitionProps={{ duration: 80 }}
      classNames={{ title: classes.title ?? '', close: classes.close ?? '', body: classes.playerBody ?? '' }}
      closeButtonProps={{ 'aria-label': t('app.close'), iconSize: 40 }}
    >
      {clipId !== undefined && <OverlayBody clipId={clipId} names={names} />}
    </Modal>
  );
}

function OverlayBody({ clipId, names }: { clipId: string; names: Record<string, string> }) {
  const { data: clip, error, refetch } = useClip(clipId);
  if (!clip) return error ? <Failed error={error} onRetry={() => void refetch()} large /> : <Loading large />;
  return (
    <>
      {clip.kind === 'still' ? <StillView clip={clip} /> : <ClipVideo clip={clip} names={names} large />}
      <ClipTools key={clip.description ?? ''} clip={clip} />
    </>
  );
}
