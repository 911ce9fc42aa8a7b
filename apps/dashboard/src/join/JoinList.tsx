import type { ClipDetail } from '@smartbox/contracts';
import { ActionIcon, Button, NativeSelect } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlayerPlayFilled, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { elapsed } from '../format/quantities.ts';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './Join.module.css';
import type { Place } from './join.ts';
import type { Playable } from './slot.ts';
import { sourcesOf } from './useJoin.ts';
import type { Join } from './useJoin.ts';

interface Props {
  join: Join;
  clips: ReadonlyMap<string, ClipDetail>;
  film: readonly Playable[];
  active: number;
  names: Record<string, string>;
  onSeek: (place: Place) => void;
  onJoint: (part: number) => void;
}

/** The parts in their order, and between them the joints. */
export function JoinList({ join, clips, film, active, names, onSeek, onJoint }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { parts } = join;
  const first = clips.get(parts[0]?.clipId ?? '')?.sources.find(({ sourceId }) => sourceId === parts[0]?.sourceId);
  return (
    <>
      <h2>{t('join.film')}</h2>
      <ol className={classes.list} data-testid="join-parts">
        {parts.map((part, index) => {
          const clip = clips.get(part.clipId);
          const sources = clip ? sourcesOf(clip) : [];
          const source = sources.find(({ sourceId }) => sourceId === part.sourceId);
          const number = index + 1;
          const fps = film[index]?.fps ?? 25;
          const fitted =
            source && first && (source.width !== first.width || source.height !== first.height) ? first : undefined;
          return (
            <li key={part.id} data-testid={`join-part-${number}`} data-clip={part.clipId}>
              <div className={classes.part} data-active={index === active}>
                <button
                  type="button"
                  className={classes.go}
                  onClick={() => onSeek({ part: index, frame: part.from })}
                  aria-current={index === active}
                >
                  <Thumb url={clip?.posterUrl} />
                  <span className={classes.words}>
                    <strong>
                      {number}. {clip ? dayTime(clip.requestedAt, locale, new Date()) : ''}
                    </strong>
                    {clip?.description !== undefined && <span className={classes.about}>{clip.description}</span>}
                    <span className="tnum">
                      {elapsed(((part.to - part.from) / fps) * 1000, locale)} ·{' '}
                      {t('editor.partRange', { from: part.from, to: part.to - 1 })}
                    </span>
                  </span>
                </button>
                <div className={classes.tools}>
                  <ActionIcon
                    variant="subtle"
                    size={44}
                    disabled={index === 0}
                    onClick={() => join.move(part.id, -1)}
                    aria-label={t('join.earlier', { part: number })}
                    title={t('join.earlier', { part: number })}
                    data-testid={`earlier-${number}`}
                  >
                    <IconArrowUp size={20} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    variant="subtle"
                    size={44}
                    disabled={number === parts.length}
                    onClick={() => join.move(part.id, 1)}
                    aria-label={t('join.later', { part: number })}
                    title={t('join.later', { part: number })}
                    data-testid={`later-${number}`}
                  >
                    <IconArrowDown size={20} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    variant="subtle"
                    size={44}
                    disabled={parts.length < 2}
                    onClick={() => join.remove(part.id)}
                    aria-label={t('join.remove', { part: number })}
                    title={t(parts.length < 2 ? 'editor.onlyPart' : 'join.remove', { part: number })}
                    data-testid={`remove-${number}`}
                  >
                    <IconTrash size={20} aria-hidden />
                  </ActionIcon>
                </div>
                {sources.length > 1 && (
                  <NativeSelect
                    className={classes.source ?? ''}
                    aria-label={t('join.source', { part: number })}
                    value={part.sourceId}
                    onChange={({ currentTarget: { value } }) => {
                      const chosen = sources.find(({ sourceId }) => sourceId === value);
                      if (chosen) join.pickSource(part.id, chosen);
                    }}
                    data={sources.map(({ sourceId }) => ({ value: sourceId, label: names[sourceId] ?? sourceId }))}
                    data-testid={`source-${number}`}
                  />
                )}
                {fitted && (
                  <p className={classes.note} data-tone="warn">
                    {t('join.fitted', { width: fitted.width, height: fitted.height })}
                  </p>
                )}
              </div>
              {number < parts.length && (
                <Button
                  variant="subtle"
                  size="sm"
                  className={classes.joint ?? ''}
                  leftSection={<IconPlayerPlayFilled size={16} aria-hidden />}
                  onClick={() => onJoint(index)}
                  data-testid={`joint-${number}`}
                >
                  {t('join.watch', { from: number, to: number + 1 })}
                </Button>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}
