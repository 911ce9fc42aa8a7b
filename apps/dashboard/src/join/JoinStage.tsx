import type { ClipDetail } from '@smartbox/contracts';
import { Loader } from '@mantine/core';
import { IconScissors } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import stage from '../editor/Stage.module.css';
import classes from './Join.module.css';
import type { JoinPlayer, Shown } from './join-player.ts';
import type { Playable } from './slot.ts';

interface Props {
  player: JoinPlayer;
  shown: Shown;
  part: Playable | undefined;
  size: ClipDetail['sources'][number] | undefined;
  filmFrame: number;
}

/** Two videos at the same place, one of them in sight. */
export function JoinStage({ player, shown, part, size, filmFrame }: Props) {
  const { t } = useTranslation();
  const isCut = part !== undefined && (shown.frame < part.from || shown.frame >= part.to);
  return (
    <div className={stage.stage}>
      <figure
        className={stage.figure}
        style={{ aspectRatio: `${size?.width ?? 16} / ${size?.height ?? 9}` }}
        data-testid="join-stage"
        data-film-frame={filmFrame}
        data-playing={shown.playing}
      >
        {player.slots.map((slot, index) => (
          <video
            key={index}
            ref={slot.attach}
            className={`${stage.picture} ${classes.video}`}
            data-front={index === shown.slot}
            aria-hidden={index !== shown.slot}
            aria-label={t('join.video')}
            preload="auto"
            playsInline
            muted
            onClick={player.toggle}
            data-testid={index === shown.slot ? 'join-video' : 'next-video'}
          />
        ))}
        <span className={stage.caption}>{t('editor.part', { part: shown.part + 1 })}</span>
        {isCut && (
          <span className={stage.cut} data-testid="cut-away">
            <IconScissors size={18} aria-hidden /> {t('editor.cutAway')}
          </span>
        )}
        {shown.waiting && (
          <span className={stage.busy} role="status">
            <Loader size="sm" color="white" aria-hidden /> {t('join.waiting')}
          </span>
        )}
        {shown.broken && (
          <p className={stage.broken} role="alert" data-testid="join-broken">
            {t('join.broken', { part: shown.part + 1 })}
          </p>
        )}
      </figure>
    </div>
  );
}
