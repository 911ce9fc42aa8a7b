import type { ClipDetail } from '@smartbox/contracts';
import { Loader } from '@mantine/core';
import { IconScissors } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '../app/useErrorText.ts';
import type { Look } from './recipes.ts';
import classes from './Stage.module.css';
import { usePreview } from './usePreview.ts';

interface Props {
  clip: ClipDetail;
  source: ClipDetail['sources'][number];
  name: string;
  video: RefObject<HTMLVideoElement | null>;
  frame: number;
  playing: boolean;
  isCut: boolean;
  /** Compared with the original beside it; undefined: the original alone. */
  look: Look;
  compare: boolean;
  onClick: () => void;
  /** Drawn over the original. */
  children?: ReactNode;
}

/** The picture; beside it, where the look is being changed, the same frame as the server will make it. */
export function Stage({ clip, source, name, video, frame, playing, isCut, look, compare, onClick, children }: Props) {
  const { t } = useTranslation();
  const [broken, setBroken] = useState(false);
  return (
    <div className={classes.stage} data-compare={compare}>
      <figure className={classes.figure} style={{ aspectRatio: `${source.width} / ${source.height}` }}>
        <video
          ref={video}
          className={classes.picture}
          src={source.videoUrl}
          preload="auto"
          playsInline
          muted
          aria-label={t('player.label', { source: name })}
          data-testid="film-video"
          data-frame={frame}
          onClick={onClick}
          onError={() => setBroken(true)}
        />
        {children}
        {isCut && (
          <span className={classes.cut} data-testid="cut-away">
            <IconScissors size={18} aria-hidden /> {t('editor.cutAway')}
          </span>
        )}
        {compare && <figcaption className={classes.caption}>{t('enhance.original')}</figcaption>}
        {broken && (
          <p className={classes.broken} role="alert">
            {t('player.error')}
          </p>
        )}
      </figure>
      {compare && (
        <Preview
          clipId={clip.clipId}
          source={source}
          frame={playing ? undefined : frame}
          look={look ?? { recipe: 'default', parameters: {} }}
        />
      )}
    </div>
  );
}

interface PreviewProps {
  clipId: string;
  source: ClipDetail['sources'][number];
  frame: number | undefined;
  look: Look;
}

function Preview({ clipId, source, frame, look }: PreviewProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { url, busy, error, frame: shown } = usePreview(clipId, source.sourceId, frame, look);
  return (
    <figure
      className={classes.figure}
      style={{ aspectRatio: `${source.width} / ${source.height}` }}
      data-testid="preview"
      data-state={error !== undefined ? 'failed' : busy ? 'busy' : url !== undefined ? 'ready' : 'empty'}
      data-frame={shown}
      aria-busy={busy}
    >
      {url !== undefined && (
        <img
          className={classes.picture}
          src={url}
          alt={t('enhance.previewOf', { frame: shown ?? 0 })}
          data-waiting={busy || frame === undefined}
        />
      )}
      <figcaption className={classes.caption}>
        {t('enhance.enhanced')}
        {frame === undefined && <span> · {t('enhance.paused')}</span>}
      </figcaption>
      {busy && (
        <span className={classes.busy} role="status">
          <Loader size="sm" color="white" aria-hidden /> {t('enhance.rendering')}
        </span>
      )}
      {error !== undefined && (
        <p className={classes.broken} role="alert" data-testid="preview-failed">
          <strong>{t('enhance.failed')}</strong>
          <span>{errorText(error)}</span>
        </p>
      )}
    </figure>
  );
}
