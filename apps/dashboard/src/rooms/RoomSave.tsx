import type { ProcedureView, StationView } from '@smartbox/contracts';
import { ActionIcon, Button, Loader, Modal, Text } from '@mantine/core';
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconClock, IconDeviceFloppy } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useNow } from '../app/use-now.ts';
import { lengths } from '../console/keymap.ts';
import { savePhase } from '../console/saves.ts';
import { useLengthText } from '../console/useLengthText.ts';
import { stopwatch } from '../format/quantities.ts';
import { usePatientName } from '../ui/PatientText.tsx';
import classes from './Rooms.module.css';
import { useRoomSave } from './useRoomSave.ts';
import type { RoomSave as Save } from './useRoomSave.ts';

/** After this long without confirmation the card says so. */
const LONG_MS = 5_000;
/** The server takes a save back for 30 s. */
const UNDO_MS = 28_000;

interface Props {
  station: StationView;
  procedure: ProcedureView;
}

/** Saves what another room has just shown, without going there: audited as pressed at a desk. */
export function RoomSave({ station, procedure }: Props) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  const nameOf = usePatientName();
  const [choosing, setChoosing] = useState(false);
  const room = useRoomSave(station.stationId);
  const seconds = procedure.recipe.saveSeconds;
  const save = (length: number) => {
    setChoosing(false);
    void room.save(length);
  };
  return (
    <div className={classes.save}>
      <Button
        variant="default"
        leftSection={<IconDeviceFloppy size={18} aria-hidden />}
        onClick={() => save(seconds)}
        data-testid={`save-${station.stationId}`}
      >
        {t('roomSave.button', { length: lengthText(seconds) })}
      </Button>
      <ActionIcon
        variant="default"
        size={36}
        onClick={() => setChoosing(true)}
        aria-label={`${t('roomSave.other')}: ${station.name}`}
        data-testid={`save-other-${station.stationId}`}
      >
        <IconClock size={20} aria-hidden />
      </ActionIcon>
      {room.attempt && <Outcome key={room.attempt.clipId} room={room} attempt={room.attempt} />}
      <Modal
        opened={choosing}
        onClose={() => setChoosing(false)}
        title={t('roomSave.title', { room: station.name })}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
      >
        <Text mb="md">{t('roomSave.audited', { room: station.name, name: nameOf(procedure.patient.name) })}</Text>
        <div className={classes.lengths}>
          {lengths.map((length) => (
            <Button
              key={length}
              size="lg"
              variant="default"
              onClick={() => save(length)}
              data-testid={`length-${length}`}
            >
              {lengthText(length)}
            </Button>
          ))}
        </div>
      </Modal>
    </div>
  );
}

/** What became of it: green only on the server's word, a failure until it is acknowledged. */
function Outcome({ room, attempt }: { room: Save; attempt: NonNullable<Save['attempt']> }) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  const now = useNow(500);
  const [savedSeenAt, setSavedSeenAt] = useState<number>();
  const phase = savePhase(attempt, room.clip, now.getTime());
  if (phase.phase === 'saved' && savedSeenAt === undefined) setSavedSeenAt(now.getTime());
  const undoable = savedSeenAt !== undefined && now.getTime() - savedSeenAt < UNDO_MS;
  if (room.undone) {
    return (
      <div className={classes.outcome} role="status" data-tone="idle">
        <span className={classes.outcomeText}>{t('roomSave.undone')}</span>
      </div>
    );
  }
  if (phase.phase === 'saving') {
    return (
      <div className={classes.outcome} role="status" data-tone="busy" data-testid="room-save" data-phase="saving">
        <Loader size={18} aria-hidden />
        <span className={classes.outcomeText}>
          {t('roomSave.saving', { length: lengthText(attempt.seconds) })}
          {phase.forMs > LONG_MS && ` ${t('roomSave.savingLong', { time: stopwatch(phase.forMs) })}`}
        </span>
      </div>
    );
  }
  if (phase.phase === 'failed') {
    return (
      <div className={classes.outcome} role="alert" data-tone="bad" data-testid="room-save" data-phase="failed">
        <IconAlertTriangleFilled size={22} aria-hidden />
        <span className={classes.outcomeText}>
          <strong>{t('roomSave.failed')}</strong> {phase.reason}
        </span>
        <Button size="xs" variant="default" onClick={room.dismiss} data-testid="acknowledge">
          {t('app.ok')}
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.outcome} role="status" data-tone="good" data-testid="room-save" data-phase="saved">
      <IconCircleCheckFilled size={22} aria-hidden />
      <strong className={classes.outcomeText}>
        {t('roomSave.saved', { time: stopwatch(phase.clip.savedMs ?? 0) })}
      </strong>
      <Button size="xs" variant="default" component={Link} to={`/recordings/${attempt.clipId}`}>
        {t('roomSave.open')}
      </Button>
      {undoable && (
        <Button size="xs" variant="default" onClick={() => void room.undo()} data-testid="undo">
          {t('roomSave.undo')}
        </Button>
      )}
    </div>
  );
}
