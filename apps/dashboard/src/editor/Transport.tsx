import {
  IconChevronLeft,
  IconChevronRight,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBackFilled,
  IconPlayerSkipForwardFilled,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { count, elapsed } from '../format/quantities.ts';
import classes from './Editor.module.css';

interface Props {
  /** As it is named: of the original where one is cut. */
  frame: number;
  filmFrame: number;
  timecode: string;
  kept: number;
  lengthMs: number;
  speed: number;
  onToggle: () => void;
  onStep: (by: number) => void;
  onBegin: () => void;
  onEnd: () => void;
}

/** Hours, minutes, seconds and the frame within the second: "00:00:48:12". */
export function timecode(frame: number, fps: number): string {
  const second = Math.floor(frame / fps + 1e-9);
  const within = Math.max(0, frame - Math.ceil(second * fps - 1e-9));
  const groups = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60, within];
  return groups.map((group) => String(group).padStart(2, '0')).join(':');
}

export function Transport(props: Props) {
  const { frame, kept, speed, onToggle, onStep } = props;
  const { t } = useTranslation();
  const locale = useLocale();
  const button = (label: string, testId: string, act: () => void, Icon: typeof IconChevronLeft) => (
    <button type="button" className={classes.key} onClick={act} aria-label={label} title={label} data-testid={testId}>
      <Icon size={22} aria-hidden />
    </button>
  );
  return (
    <div className={classes.transport}>
      {button(t('editor.toBegin'), 'to-begin', props.onBegin, IconPlayerSkipBackFilled)}
      {button(t('player.back'), 'frame-back', () => onStep(-1), IconChevronLeft)}
      <button
        type="button"
        className={classes.play}
        onClick={onToggle}
        aria-label={speed === 0 ? t('player.play') : t('player.pause')}
        data-testid="play"
      >
        {speed === 0 ? <IconPlayerPlayFilled size={26} aria-hidden /> : <IconPlayerPauseFilled size={26} aria-hidden />}
      </button>
      {button(t('player.forward'), 'frame-forward', () => onStep(1), IconChevronRight)}
      {button(t('editor.toEnd'), 'to-end', props.onEnd, IconPlayerSkipForwardFilled)}
      <span className={`${classes.where} tnum`}>
        <strong data-testid="timecode">{props.timecode}</strong>
        <span data-testid="frame" data-film-frame={props.filmFrame}>
          {t('editor.frame', { frame })}
          {Math.abs(speed) > 1 || speed < 0 ? ` · ${speed}×` : ''}
        </span>
      </span>
      <span className={`${classes.filmLength} tnum`} data-testid="film-length" data-frames={kept}>
        {t('editor.film')}{' '}
        <strong>
          {t('editor.filmLength', {
            time: elapsed(props.lengthMs, locale),
            count: kept,
            frames: count(kept, locale),
          })}
        </strong>
      </span>
    </div>
  );
}
