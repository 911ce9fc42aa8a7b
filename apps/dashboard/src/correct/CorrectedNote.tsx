import type { ClipDetail } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { IconUserEdit } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { useProcedure } from '../api/queries.ts';
import classes from './Corrected.module.css';
import { CorrectPatient } from './CorrectPatient.tsx';
import { StepNote } from './StepNote.tsx';

/** States in which every object of the newest version is where it belongs; older versions do not count for them. */
const sentAgain = new Set<ClipDetail['state']>(['sent', 'archived']);

/** On a clip's page: whether its patient was corrected, how far the new objects are, and the way to correct it. */
export function CorrectedNote({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const { data: procedure } = useProcedure(clip.procedureId);
  const may = useMay()('patient.correct');
  const [open, setOpen] = useState(false);
  if (!procedure) return null;
  const { version, emergency } = procedure;
  const done = sentAgain.has(clip.state);
  const renewed = version > 1 || clip.assignment > 0;
  if (!may && !emergency && !renewed) return null;
  const tone = emergency ? 'warn' : !renewed ? 'idle' : done ? 'good' : 'busy';
  return (
    <>
      <div className={classes.note} data-tone={tone} data-plain={!emergency && !renewed} data-testid="correction">
        {emergency && <strong>{t('patient.emergency')}</strong>}
        {renewed && (
          <span role="status" data-testid="corrected">
            {clip.assignment > 0 ? t('correct.moved') : t('correct.corrected', { version })}{' '}
            {t(done ? 'correct.resent' : 'correct.resending')}
          </span>
        )}
        {may && (
          <Button
            size="sm"
            variant={emergency ? 'filled' : 'default'}
            leftSection={<IconUserEdit size={18} aria-hidden />}
            onClick={() => setOpen(true)}
            data-testid="correct-patient"
          >
            {t(emergency ? 'correct.assign' : 'correct.button')}
          </Button>
        )}
        <CorrectPatient procedure={procedure} clip={clip} open={open} onClose={() => setOpen(false)} />
      </div>
      <StepNote procedureId={clip.procedureId} />
    </>
  );
}
