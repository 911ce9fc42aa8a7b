import { ActionIcon } from '@mantine/core';
import { IconRestore, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { count, elapsed, stopwatch } from '../format/quantities.ts';
import classes from './Editor.module.css';
import { Label } from './Label.tsx';
import type { LabelProps } from './Label.tsx';
import { keptFrames, totalFrames } from './film.ts';
import type { Editor } from './useEditor.ts';

interface Props extends LabelProps {
  editor: Editor;
  fps: number;
  frame: number;
  onSeek: (frame: number) => void;
}

/** The film's parts and what was cut, in order; what the cut is called and where it goes. */
export function PartsPanel({ editor, fps, frame, name, onName, destinations, onDestinations, onSeek }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const kept = keptFrames(editor.draft);
  const lengthOf = (frames: number) =>
    t('editor.filmLength', {
      time: elapsed((frames / fps) * 1000, locale),
      count: frames,
      frames: count(frames, locale),
    });
  const rows = [
    ...editor.parts.map((span, index) => ({ span, index, cut: false })),
    ...editor.cuts.map((span) => ({ span, index: -1, cut: true })),
  ].sort((a, b) => a.span.from - b.span.from);
  return (
    <>
      <p className={classes.sum}>
        <strong className="tnum" data-testid="film-sum">
          {lengthOf(kept)}
        </strong>
        <span>{t('editor.ofOriginal', { time: stopwatch((totalFrames(editor.draft) / fps) * 1000) })}</span>
      </p>
      <ol className={classes.parts} data-testid="parts">
        {rows.map(({ span, index, cut }) => {
          const range = { from: span.from, to: span.to - 1 };
          return (
            <li key={span.from} data-cut={cut} data-active={frame >= span.from && frame < span.to}>
              <button type="button" className={classes.partGo} onClick={() => onSeek(span.from)}>
                <span>{cut ? t('editor.cutAway') : t('editor.part', { part: index + 1 })}</span>
                <span className="tnum">
                  {t('editor.partRange', range)} · {lengthOf(span.to - span.from)}
                </span>
              </button>
              {cut ? (
                <ActionIcon
                  variant="subtle"
                  size={44}
                  onClick={() => editor.restore(span)}
                  aria-label={`${t('editor.restore')}: ${t('editor.partRange', range)}`}
                  title={t('editor.restore')}
                >
                  <IconRestore size={20} aria-hidden />
                </ActionIcon>
              ) : (
                <ActionIcon
                  variant="subtle"
                  size={44}
                  disabled={editor.parts.length < 2}
                  onClick={() => editor.remove(span)}
                  aria-label={`${t('editor.remove')}: ${t('editor.part', { part: index + 1 })}`}
                  title={editor.parts.length < 2 ? t('editor.onlyPart') : t('editor.remove')}
                >
                  <IconTrash size={20} aria-hidden />
                </ActionIcon>
              )}
            </li>
          );
        })}
      </ol>
      <Label name={name} onName={onName} destinations={destinations} onDestinations={onDestinations} />
    </>
  );
}
