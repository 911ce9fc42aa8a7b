import type { WorklistView } from '@smartbox/contracts';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { z } from 'zod';
import { useLocale } from '../app/locale.ts';
import { clockTime } from '../format/dates.ts';
import list from './Worklist.module.css';

/** What the list cannot be relied on for: it is old, or somebody is missing from it. */
export function WorklistNotes({ answer }: { answer: z.infer<typeof WorklistView> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { stale, asOf, reason, truncated = false } = answer;
  return (
    <>
      {stale && (
        <Note id="worklist-stale" title={t('worklist.stale')}>
          {asOf && t('worklist.staleAsOf', { time: clockTime(asOf, locale) })} {reason}
        </Note>
      )}
      {truncated && (
        <Note id="worklist-cut" title={t('worklist.cut')}>
          {t('worklist.cutHint')}
        </Note>
      )}
    </>
  );
}

export function Note({ id, title, children }: { id: string; title: string; children?: ReactNode }) {
  return (
    <div className={list.note} data-tone="warn" role="status" data-testid={id}>
      <IconAlertTriangleFilled size={28} aria-hidden />
      <span>
        <strong>{title}</strong> {children}
      </span>
    </div>
  );
}
