import type { ClipView, ProcedureView } from '@smartbox/contracts';
import { Button, Modal, SegmentedControl, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import { WorklistSearch } from '../console/WorklistSearch.tsx';
import { useErrorText } from '../app/useErrorText.ts';
import { usePatientName } from '../ui/PatientText.tsx';
import classes from './Correct.module.css';
import type { Correction } from './correction.ts';
import { FromProcedures } from './FromProcedures.tsx';
import { FromWorklist } from './FromWorklist.tsx';
import { ManualPatient } from './ManualPatient.tsx';
import { WorklistChoices } from './WorklistChoices.tsx';

interface Props {
  procedure: ProcedureView;
  /** On a clip's page: it alone may go to another procedure. */
  clip?: Pick<ClipView, 'clipId'>;
  open: boolean;
  onClose: () => void;
  /** The console: larger, and no typing needed. */
  large?: boolean;
}

/** Emergency patient or wrong patient: the right one is chosen, named once more, and everything is made anew. */
export function CorrectPatient({ procedure, clip, open, onClose, large = false }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={t(clip ? 'correct.clipTitle' : 'correct.title')}
      size={large ? '1200px' : '760px'}
      centered
      radius={large ? 20 : 'md'}
      padding={large ? 32 : 'lg'}
      transitionProps={{ duration: 80 }}
      classNames={{ title: classes.title ?? '', content: large ? (classes.panel ?? '') : '' }}
      closeButtonProps={{ 'aria-label': t('app.close'), ...(large ? { iconSize: 36 } : {}) }}
    >
      <Choice procedure={procedure} clipId={clip?.clipId} onDone={onClose} large={large} />
    </Modal>
  );
}

interface ChoiceProps {
  procedure: ProcedureView;
  clipId: string | undefined;
  onDone: () => void;
  large: boolean;
}
type Way = 'list' | 'ris' | 'manual' | 'procedure';

function Choice({ procedure, clipId, onDone, large }: ChoiceProps) {
  const { t } = useTranslation();
  const [alone, setAlone] = useState(false);
  const [way, setWay] = useState<Way>('list');
  const [choice, setChoice] = useState<Correction>();
  const moved = alone ? clipId : undefined;
  if (choice) {
    const back = () => setChoice(undefined);
    return <Confirm {...{ procedure, choice, clipId: moved, onDone, large }} onBack={back} />;
  }
  const all: Way[] = large ? ['list', 'ris'] : ['list', 'ris', ...(moved === undefined ? [] : (['procedure'] as const)), 'manual']; // prettier-ignore
  // the search has its own way back to the list
  const ways = all.filter((one) => one !== way && !(way === 'ris' && one === 'list'));
  return (
    <>
      {clipId !== undefined && (
        <SegmentedControl
          fullWidth
          mb="md"
          aria-label={t('correct.what')}
          value={alone ? 'clip' : 'procedure'}
          onChange={(value) => {
            setAlone(value === 'clip');
            setWay('list');
          }}
          data={[
            { value: 'procedure', label: t('correct.whole') },
            { value: 'clip', label: t('correct.alone') },
          ]}
        />
      )}
      {way === 'manual' && <ManualPatient onChoose={setChoice} />}
      {way === 'list' && <FromWorklist stationId={procedure.stationId} onChoose={setChoice} large={large} />}
      {way === 'ris' && (
        <WorklistSearch
          desk={!large}
          onClose={() => setWay('list')}
          awayHint={t(large ? 'correct.risAwayPanel' : 'correct.risAway')}
          rows={(items) => <WorklistChoices items={items} large={large} anyDay onChoose={setChoice} />}
        />
      )}
      {way === 'procedure' && <FromProcedures from={procedure} onChoose={setChoice} />}
      {ways.map((one) => (
        <Button
          key={one}
          variant="subtle"
          size={large ? 'xl' : 'sm'}
          mt="md"
          onClick={() => setWay(one)}
          data-testid={`correct-${one}`}
        >
          {t(`correct.way.${one}`)}
        </Button>
      ))}
    </>
  );
}

/** Names both patients once more; then the procedure, or the clip alone, is the other one's. */
function Confirm({
  procedure,
  choice,
  clipId,
  onDone,
  onBack,
  large,
}: ChoiceProps & { choice: Correction; onBack: () => void }) {
  const { t } = useTranslation();
  const nameOf = usePatientName();
  const errorText = useErrorText();
  const client = useQueryClient();
  const size = large ? 'xl' : 'md';
  const correct = useMutation({
    mutationFn: async ({ body }: Correction) => {
      if (clipId !== undefined) return (await api.reassignClip(clipId, body)).patient;
      const corrected = await api.correctProcedure(procedure.procedureId, body);
      client.setQueryData(keys.procedure(corrected.procedureId), corrected);
      return corrected.patient;
    },
    onSuccess: async (patient) => {
      notifications.show({ color: 'green', message: t('correct.done', { name: nameOf(patient.name) }) });
      onDone();
      await client.invalidateQueries();
    },
  });
  const names = { from: nameOf(procedure.patient.name), to: choice.name };
  return (
    <div className={classes.confirm} data-testid="correct-confirm">
      <p className={classes.question}>
        {t(clipId === undefined ? 'correct.confirmQuestion' : 'correct.clipQuestion', names)}
      </p>
      <Text c="dimmed" size={large ? 'lg' : 'md'}>
        {t(clipId === undefined ? 'correct.hint' : 'correct.clipHint')}
      </Text>
      {correct.error && (
        <p role="alert" data-tone="bad" className={classes.error}>
          {errorText(correct.error)}
        </p>
      )}
      <div className={classes.answers}>
        <Button size={size} variant="default" onClick={onBack} data-autofocus>
          {t('app.back')}
        </Button>
        <Button
          size={size}
          loading={correct.isPending}
          onClick={() => correct.mutate(choice)}
          data-testid="confirm-correct"
        >
          {t('correct.confirm', { name: choice.name })}
        </Button>
      </div>
    </div>
  );
}
