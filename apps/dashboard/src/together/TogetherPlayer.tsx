import type { ClipDetail } from '@smartbox/contracts';
import { SegmentedControl } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useWindowKeys } from '../app/useWindowKeys.ts';
import player from '../clip/ClipPlayer.module.css';
import { marksWithin } from '../clip/marks.ts';
import { Timeline } from '../clip/Timeline.tsx';
import { stopwatch } from '../format/quantities.ts';
import { covers, membersOf } from './group-time.ts';
import classes from './Together.module.css';
import { useTogether } from './useTogether.ts';

const speeds = ['0.25', '0.5', '1', '2'] as const;

interface Props {
  clip: ClipDetail;
  names: Record<string, string>;
  large?: boolean;
}

/** All sources of a clip side by side, with one play head: what the endoscope saw while the room did that. */
export function TogetherPlayer({ clip, names, large = false }: Props) {
  const { t } = useTranslation();
  const members = useMemo(() => membersOf(clip.sources), [clip.sources]);
  const group = useTogether(members);
  const frame = Math.floor((group.time - (members[0]?.offset ?? 0)) * (members[0]?.fps ?? 30) + 0.01);
  const beganAtMs = Math.min(...clip.sources.map(({ startedAt }) => Date.parse(startedAt)));
  const gaps = clip.sources.flatMap((source, i) =>
    source.gaps.map((gap) => ({
      ...gap,
      atMs: gap.atMs + (members[i]?.offset ?? 0) * 1000,
      source: names[source.sourceId] ?? source.sourceId,
    })),
  );
  const icon = large ? 36 : 22;

  useWindowKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys: Record<string, () => unknown> = {
      k: group.toggle,
      ',': () => group.step(-1),
      '.': () => group.step(1),
      ArrowLeft: () => group.seek(group.time - 5),
      ArrowRight: () => group.seek(group.time + 5),
      Home: () => group.seek(0),
    };
    const onControl = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
    if (onControl && (event.key === ' ' || event.key.startsWith('Arrow'))) return;
    const act = event.key === ' ' ? group.toggle : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  return (
    <div
      className={player.player}
      data-large={large}
      data-testid="together"
      data-playing={group.playing}
      data-drift-ms={group.driftMs}
    >
      <div className={classes.grid} data-count={Math.min(4, clip.sources.length)}>
        {clip.sources.map((source, i) => {
          const member = members[i];
          const name = names[source.sourceId] ?? source.sourceId;
          return (
            <figure key={source.sourceId} className={classes.member}>
              <video
                ref={(video) => group.attach(i, video)}
                src={source.videoUrl}
                preload="auto"
                playsInline
                muted
                style={{ aspectRatio: `${source.width} / ${source.height}` }}
                aria-label={t('player.label', { source: name })}
                onClick={() => void group.toggle()}
                onWaiting={() => void group.stalled()}
                data-testid={`together-${source.sourceId}`}
              />
              <figcaption>
                {name}
                {member && !covers(member, group.time) && ` · ${t('together.outside')}`}
              </figcaption>
            </figure>
          );
        })}
      </div>
      <Timeline
        timeMs={group.time * 1000}
        durationMs={group.length * 1000}
        gaps={gaps}
        marks={marksWithin(clip.markers, beganAtMs, group.length * 1000)}
        sheet={undefined}
        valueText={t('player.position', {
          time: stopwatch(group.time * 1000),
          total: stopwatch(group.length * 1000),
          frame,
        })}
        onSeek={(seconds) => void group.seek(seconds)}
      />
      <div className={player.controls}>
        <button
          type="button"
          className={player.button}
          onClick={() => void group.step(-1)}
          aria-label={t('player.back')}
          data-testid="together-back"
        >
          <IconChevronLeft size={icon} aria-hidden />
        </button>
        <button
          type="button"
          className={player.play}
          onClick={() => void group.toggle()}
          aria-label={group.playing ? t('player.pause') : t('player.play')}
          data-testid="together-play"
        >
          {group.playing ? (
            <IconPlayerPauseFilled size={icon + 4} aria-hidden />
          ) : (
            <IconPlayerPlayFilled size={icon + 4} aria-hidden />
          )}
        </button>
        <button
          type="button"
          className={player.button}
          onClick={() => void group.step(1)}
          aria-label={t('player.forward')}
          data-testid="together-forward"
        >
          <IconChevronRight size={icon} aria-hidden />
        </button>
        <span className={`${player.position} tnum`}>
          <strong>{stopwatch(group.time * 1000)}</strong> / {stopwatch(group.length * 1000)}
        </span>
        <SegmentedControl
          size={large ? 'lg' : 'sm'}
          aria-label={t('player.speed')}
          value={String(group.speed)}
          onChange={(value) => group.setSpeed(Number(value))}
          data={speeds.map((value) => ({ value, label: `${value}×` }))}
        />
      </div>
    </div>
  );
}
