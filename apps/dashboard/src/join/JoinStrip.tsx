import type { ClipDetail } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import classes from './Join.module.css';
import type { Place } from './join.ts';
import type { Shown } from './join-player.ts';
import type { Playable } from './slot.ts';
import type { JoinPart } from './useJoin.ts';

interface Props {
  film: readonly Playable[];
  parts: readonly JoinPart[];
  clips: ReadonlyMap<string, ClipDetail>;
  shown: Shown;
  onSeek: (place: Place) => void;
}

/** The whole film: its parts as long as they last. */
export function JoinStrip({ film, parts, clips, shown, onSeek }: Props) {
  const { t } = useTranslation();
  return (
    <ol className={classes.strip} data-testid="join-strip">
      {film.map(({ id, from, to, fps }, part) => {
        const poster = clips.get(parts[part]?.clipId ?? '')?.posterUrl;
        const seconds = (to - from) / fps;
        const active = part === shown.part;
        const share = Math.min(1, Math.max(0, (shown.frame - from + 0.5) / (to - from)));
        return (
          <li key={id} style={{ flexGrow: seconds }}>
            <button
              type="button"
              className={classes.block}
              style={poster === undefined ? {} : { backgroundImage: `url("${poster}")` }}
              data-active={active}
              aria-current={active}
              aria-label={t('join.showPart', { part: part + 1, time: stopwatch(seconds * 1000) })}
              onClick={(event) => {
                const box = event.currentTarget.getBoundingClientRect();
                // the keyboard presses it nowhere: then from its start
                const at = event.detail === 0 ? 0 : (event.clientX - box.left) / box.width;
                onSeek({ part, frame: Math.min(to - 1, from + Math.floor(at * (to - from))) });
              }}
              data-testid={`block-${part + 1}`}
            >
              <span className={classes.blockNumber}>{part + 1}</span>
              {active && <span className={classes.head} style={{ left: `${share * 100}%` }} aria-hidden />}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
