import type { ClipDetail } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { bytes, elapsed, stopwatch } from '../format/quantities.ts';
import { Journey } from '../ui/Journey.tsx';
import { CopyText } from './CopyText.tsx';
import classes from './Recordings.module.css';
import { useRecipeTitle } from './useRecipeTitle.ts';

/** What is known of a clip at a glance. */
export function ClipFacts({ clip, room }: { clip: ClipDetail; room: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const recipeTitle = useRecipeTitle();
  return (
    <>
      <Journey clip={clip} labels />
      <dl className={classes.facts} style={{ marginTop: 18 }}>
        <dt>{t('recordings.room')}</dt>
        <dd>{room}</dd>
        <dt>{t('recordings.kind')}</dt>
        <dd>{t(`clipKind.${clip.kind}`)}</dd>
        {clip.recipe !== undefined && (
          <>
            <dt>{t('recordings.recipe')}</dt>
            <dd>{recipeTitle(clip.recipe)}</dd>
          </>
        )}
        {clip.accessionNumber !== undefined && (
          <>
            <dt>{t('patient.accession')}</dt>
            <dd>{clip.accessionNumber}</dd>
          </>
        )}
        {clip.savedMs !== undefined && clip.kind !== 'still' && (
          <>
            <dt>{t('recordings.length')}</dt>
            <dd>{stopwatch(clip.savedMs)}</dd>
          </>
        )}
        <dt>{t('recordings.size')}</dt>
        <dd>{bytes(clip.bytes, locale)}</dd>
        {clip.imported && <ImportedFacts imported={clip.imported} />}
        {clip.savedAt !== undefined && clip.kind === 'clip' && !clip.imported && (
          <>
            <dt>{t('clip.untilSaved')}</dt>
            <dd>{elapsed(Date.parse(clip.savedAt) - Date.parse(clip.requestedAt), locale)}</dd>
          </>
        )}
        {clip.traceId !== undefined && (
          <>
            <dt>{t('clip.trace')}</dt>
            <dd>
              <CopyText text={clip.traceId} what={t('clip.trace')} />
            </dd>
          </>
        )}
      </dl>
    </>
  );
}

/** It was not recorded here: what became of its frames, and what the record is known by. */
function ImportedFacts({ imported }: { imported: NonNullable<ClipDetail['imported']> }) {
  const { t } = useTranslation();
  const { copiedFrames: copied, reencodedFrames: encoded, codec, sha256 } = imported;
  return (
    <>
      <dt>{t('clip.origin')}</dt>
      <dd>
        {t('clip.imported')} ({codec}: {t('clip.importedFrames', { copied, encoded })})
      </dd>
      <dt>{t('clip.importedHash')}</dt>
      <dd>
        <CopyText text={sha256} what={t('clip.importedHash')} />
      </dd>
    </>
  );
}
