import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBracketsContainEnd,
  IconBracketsContainStart,
  IconCut,
  IconRestore,
  IconTrash,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ActButton } from './ActButton.tsx';
import classes from './Editor.module.css';
import type { Span } from './film.ts';
import type { Editor } from './useEditor.ts';

interface Props {
  editor: Editor;
  /** What was cut under the playhead. */
  cut: Span | undefined;
  here: () => number;
}

/** What is done at the playhead; every button is as large as a finger. */
export function CutBar({ editor, cut, here }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.cutBar} role="toolbar" aria-label={t('editor.title')}>
      <ActButton
        text={t('editor.begin')}
        testId="set-in"
        keys="I"
        act={() => editor.begin(here())}
        icon={IconBracketsContainStart}
        main
      />
      <ActButton
        text={t('editor.end')}
        testId="set-out"
        keys="O"
        act={() => editor.end(here())}
        icon={IconBracketsContainEnd}
        main
      />
      <ActButton
        text={t('editor.split')}
        testId="split"
        keys="S"
        act={() => editor.split(here())}
        icon={IconCut}
        disabled={cut !== undefined}
      />
      {cut ? (
        <ActButton
          text={t('editor.restore')}
          testId="restore"
          keys="Delete"
          act={() => editor.toggle(here())}
          icon={IconRestore}
        />
      ) : (
        <ActButton
          text={t('editor.remove')}
          testId="remove"
          keys="Delete"
          act={() => editor.toggle(here())}
          icon={IconTrash}
          disabled={editor.parts.length < 2}
        />
      )}
      <span className={classes.space} />
      <UndoRedo {...editor} />
    </div>
  );
}

/** One step back, one step forward again. */
export function UndoRedo({ undo, redo, canUndo, canRedo }: Pick<Editor, 'undo' | 'redo' | 'canUndo' | 'canRedo'>) {
  const { t } = useTranslation();
  return (
    <>
      <ActButton
        text={t('editor.undo')}
        testId="undo"
        keys="Control+Z"
        act={undo}
        icon={IconArrowBackUp}
        disabled={!canUndo}
        small
      />
      <ActButton
        text={t('editor.redo')}
        testId="redo"
        keys="Control+Shift+Z"
        act={redo}
        icon={IconArrowForwardUp}
        disabled={!canRedo}
        small
      />
    </>
  );
}
