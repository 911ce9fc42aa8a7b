import { ActionIcon, Button, SegmentedControl } from '@mantine/core';
import { IconSquarePlus, IconTrash, IconViewportWide, IconWriting } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import classes from './Editor.module.css';
import { addRegion, changeRegion, removeRegion, totalFrames } from './film.ts';
import type { Rect, Region } from './film.ts';
import type { Editor } from './useEditor.ts';

interface Props {
  editor: Editor;
  fps: number;
  here: () => number;
  drawing: boolean;
  onDraw: (drawing: boolean) => void;
  onSeek: (frame: number) => void;
}

export const newRegion = (frames: number, from: number, rect?: Rect): Region => ({
  id: crypto.randomUUID(),
  how: 'black',
  from,
  to: frames,
  ...(rect ? { rect } : {}),
});

/** What exports make unrecognisable: rectangles and stretches of time, listed and removable. */
export function HidePanel({ editor, fps, here, drawing, onDraw, onSeek }: Props) {
  const { t } = useTranslation();
  const { draft, change } = editor;
  const frames = totalFrames(draft);
  const add = (region: Region) => change((d) => addRegion(d, region));
  return (
    <>
      <p className={classes.hint}>{t('hide.hint')}</p>
      <div className={classes.choices}>
        <Button
          variant={drawing ? 'filled' : 'default'}
          leftSection={<IconWriting size={18} aria-hidden />}
          aria-pressed={drawing}
          onClick={() => onDraw(!drawing)}
          data-testid="draw-region"
        >
          {drawing ? t('hide.drawing') : t('hide.draw')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconSquarePlus size={18} aria-hidden />}
          onClick={() => add(newRegion(frames, 0, { x: 0.375, y: 0.375, width: 0.25, height: 0.25 }))}
          data-testid="add-region"
        >
          {t('hide.add')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconViewportWide size={18} aria-hidden />}
          onClick={() => add(newRegion(frames, here()))}
          data-testid="hide-whole"
        >
          {t('hide.whole')}
        </Button>
      </div>
      {draft.regions.length === 0 && <p className={classes.hint}>{t('hide.empty')}</p>}
      <ol className={classes.regions} data-testid="regions">
        {draft.regions.map((region, index) => {
          const title = t(region.rect ? 'hide.region' : 'hide.wholePicture', { number: index + 1 });
          return (
            <li key={region.id} data-testid={`region-${index + 1}`}>
              <div className={classes.regionHead}>
                <button type="button" className={classes.partGo} onClick={() => onSeek(region.from)}>
                  <span>{title}</span>
                  <span className="tnum" data-testid="region-range">
                    {t('editor.partRange', { from: region.from, to: region.to - 1 })} ·{' '}
                    {stopwatch(((region.to - region.from) / fps) * 1000)}
                  </span>
                </button>
                <ActionIcon
                  variant="subtle"
                  size={44}
                  aria-label={`${t('hide.remove')}: ${title}`}
                  title={t('hide.remove')}
                  onClick={() => change((d) => removeRegion(d, region.id))}
                >
                  <IconTrash size={20} aria-hidden />
                </ActionIcon>
              </div>
              <div className={classes.regionTools}>
                <SegmentedControl
                  aria-label={`${t('hide.how')}: ${title}`}
                  value={region.how}
                  onChange={(how) => change((d) => changeRegion(d, region.id, { how: how }))}
                  data={(['black', 'blur'] as const).map((how) => ({ value: how, label: t(`hide.${how}`) }))}
                />
                <Button
                  variant="default"
                  size="sm"
                  onClick={() => {
                    const from = here();
                    change((d) => changeRegion(d, region.id, { from, to: Math.max(region.to, from + 1) }));
                  }}
                >
                  {t('hide.fromHere')}
                </Button>
                <Button
                  variant="default"
                  size="sm"
                  onClick={() => {
                    const to = here() + 1;
                    change((d) => changeRegion(d, region.id, { from: Math.min(region.from, to - 1), to }));
                  }}
                >
                  {t('hide.toHere')}
                </Button>
              </div>
            </li>
          );
        })}
      </ol>
    </>
  );
}
