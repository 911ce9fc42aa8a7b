import type { ClipDetail } from '@smartbox/contracts';
import { SegmentedControl } from '@mantine/core';
import {
  IconChevronLeft,
  IconChevronRight,
  IconMaximize,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRewindBackward10,
  IconRewindForward10,
} from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import { Empty } from '../ui/Placeholder.tsx';
import classes from './ClipPlayer.module.css';
import { frameGaps, framesPerSecond } from './frames.ts';
import { marksWithin } from './marks.ts';
import { Timeline } from './Timeline.tsx';
import { useShuttle } from './useShuttle.ts';
import { useWindowKeys } from '../app/useWindowKeys.ts';

type Source = ClipDetail['sources'][number];

/** A saved clip: one source at a time, frame by frame where needed. Switching sources keeps the moment. */
export function ClipPlayer({
  clip,
  large = false,
  names = {},
}: {
  clip: ClipDetail;
  large?: boolean;
  names?: Record<string, string>;
}) {
  const { t } = useTranslation();
  const [sourceId, setSourceId] = useState(clip.sources[0]?.sourceId);
  const [moment, setMoment] = useState(0);
  const source = clip.sources.find((s) => s.sourceId === sourceId) ?? clip.sources[0];
  if (!source) return <Empty title={t('clip.notYet')} large={large} />;
  return (
    <div className={classes.player} data-large={large} data-testid="clip-player">
      {clip.sources.length > 1 && (
        <SegmentedControl
          size={large ? 'xl' : 'md'}
          aria-label={t('player.source')}
          value={source.sourceId}
          onChange={setSourceId}
          data={clip.sources.map((s) => ({ value: s.sourceId, label: names[s.sourceId] ?? s.sourceId }))}
          data-testid="player-source"
        />
      )}
      <SourcePlayer
        key={source.sourceId}
        clip={clip}
        source={source}
        name={names[source.sourceId] ?? source.sourceId}
        startAt={moment}
        onMoment={setMoment}
        large={large}
      />
    </div>
  );
}

interface SourceProps {
  clip: ClipDetail;
  source: Source;
  name: string;
  startAt: number;
  onMoment: (seconds: number) => void;
  large: boolean;
}

function SourcePlayer({ clip, source, name, startAt, onMoment, large }: SourceProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [broken, setBroken] = useState(false);
  const fps = framesPerSecond(source.frameRate);
  const player = useShuttle({ video, fps, frames: source.frames, gaps: frameGaps(source.gaps, fps) });
  const sheet = clip.renditions.find((r) => r.sourceId === source.sourceId && r.sprite !== undefined);
  const icon = large ? 36 : 22;

  useWindowKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys: Record<string, () => void> = {
      j: () => player.press('j'),
      k: () => player.press('k'),
      l: () => player.press('l'),
      ',': () => player.step(-1),
      '.': () => player.step(1),
      ArrowLeft: () => player.seek(player.time - 5),
      ArrowRight: () => player.seek(player.time + 5),
      Home: () => player.seek(0),
      End: () => player.seek(source.durationMs / 1000),
      f: () => void box.current?.requestFullscreen(),
    };
    const onControl = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
    // Space and arrows belong to a focused button or radio.
    if (onControl && (event.key === ' ' || event.key.startsWith('Arrow'))) return;
    const act = event.key === ' ' ? player.toggle : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const button = (label: string, act: () => void, Icon: typeof IconChevronLeft, testId: string) => (
    <button
      type="button"
      className={classes.button}
      onClick={act}
      aria-label={label}
      title={label}
      data-testid={testId}
    >
      <Icon size={icon} aria-hidden />
    </button>
  );

  return (
    <div ref={box} className={classes.box}>
      <div className={classes.screen} style={{ aspectRatio: `${source.width} / ${source.height}` }}>
        <video
          ref={video}
          className={classes.video}
          src={source.videoUrl}
          preload="auto"
          playsInline
          muted
          aria-label={t('player.label', { source: name })}
          data-testid="player-video"
          data-frame={player.frame}
          onClick={player.toggle}
          onLoadedMetadata={(event) => {
            if (startAt > 0) event.currentTarget.currentTime = startAt;
          }}
          onTimeUpdate={(event) => onMoment(event.currentTarget.currentTime)}
          onError={() => setBroken(true)}
        />
        {broken && (
          <p className={classes.broken} role="alert">
            {t('player.error')}
          </p>
        )}
      </div>
      <Timeline
        timeMs={player.time * 1000}
        durationMs={source.durationMs}
        gaps={source.gaps}
        marks={marksWithin(clip.markers, Date.parse(source.startedAt), source.durationMs)}
        sheet={sheet?.sprite && { url: sheet.url, sprite: sheet.sprite }}
        valueText={t('player.position', {
          time: stopwatch(player.time * 1000),
          total: stopwatch(source.durationMs),
          frame: player.frame,
        })}
        onSeek={player.seek}
      />
      <div className={classes.controls}>
        {button(t('player.rewind10'), () => player.seek(player.time - 10), IconRewindBackward10, 'back-10')}
        {button(t('player.back'), () => player.step(-1), IconChevronLeft, 'frame-back')}
        <button
          type="button"
          className={classes.play}
          onClick={player.toggle}
          aria-label={player.speed === 0 ? t('player.play') : t('player.pause')}
          data-testid="play"
        >
          {player.speed === 0 ? (
            <IconPlayerPlayFilled size={icon + 4} aria-hidden />
          ) : (
            <IconPlayerPauseFilled size={icon + 4} aria-hidden />
          )}
        </button>
        {button(t('player.forward'), () => player.step(1), IconChevronRight, 'frame-forward')}
        {button(t('player.forward10'), () => player.seek(player.time + 10), IconRewindForward10, 'forward-10')}
        <span className={`${classes.position} tnum`}>
          <strong>{stopwatch(player.time * 1000)}</strong> / {stopwatch(source.durationMs)}
        </span>
        <span className={classes.frame} data-testid="frame">
          {t('player.frame', { frame: player.frame })}
          {Math.abs(player.speed) > 1 || player.speed < 0 ? ` · ${player.speed}×` : ''}
        </span>
        <span className={classes.hint} aria-hidden>
          {t('player.keys')}
        </span>
        {button(t('player.fullscreen'), () => void box.current?.requestFullscreen(), IconMaximize, 'fullscreen')}
      </div>
    </div>
  );
}
