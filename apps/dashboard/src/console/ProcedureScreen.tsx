import type { ProcedureView, StationView } from '@smartbox/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import { CorrectPatient } from '../correct/CorrectPatient.tsx';
import { keepsNothing } from '../consent/keeps-nothing.ts';
import { DrawingLayer } from '../conversation/DrawingLayer.tsx';
import { RoomConversationBar, RoomConversationButton, useRoomSwitch } from '../conversation/RoomConversation.tsx';
import { useConversation } from '../conversation/useConversation.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { applyProcedure } from '../feed/reduce.ts';
import { useRoomPast } from '../live/useRoomPast.ts';
import { FeedBanner } from '../ui/FeedBanner.tsx';
import { usePatientName } from '../ui/PatientText.tsx';
import { ActionPanel } from './ActionPanel.tsx';
import { ClipOverlay } from './ClipOverlay.tsx';
import { ClipStrip } from './ClipStrip.tsx';
import classes from './Console.module.css';
import { ConsoleHeader } from './ConsoleHeader.tsx';
import { ChangePatientDialog, LengthDialog } from './Dialogs.tsx';
import { Failures } from './Failures.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import type { ConsoleAction } from './keymap.ts';
import { lengths } from './keymap.ts';
import { LiveGrid } from './LiveGrid.tsx';
import { PatientBanner } from './PatientBanner.tsx';
import { availableMs } from './saves.ts';
import { useConsole } from './useConsole.ts';
import { useConsoleKeys } from './useConsoleKeys.ts';

type Dialog = 'length' | 'change' | 'correct' | 'help' | { clipId: string };

/** While a procedure runs: patient, live pictures, the button, the clips. */
export function ProcedureScreen({ station, procedure }: { station: StationView; procedure: ProcedureView }) {
  const { t } = useTranslation();
  const nameOf = usePatientName();
  const client = useQueryClient();
  const feedAlive = useFeedHealth().status !== 'lost';
  const [dialog, setDialog] = useState<Dialog>();
  const console = useConsole(station, procedure.procedureId);
  const available = feedAlive ? availableMs(station) : undefined;
  const { conversation, state: talk, open } = useConversation(station, 'room');
  const talking = useRoomSwitch(station, conversation, open, (error) => console.failed('conversation', error));
  const [pen, setPen] = useState(false);
  const roomPast = useRoomPast(procedure.procedureId);
  const refuses = keepsNothing(procedure);
  const close = () => setDialog(undefined);

  const end = useMutation({
    mutationFn: () => api.endProcedure(procedure.procedureId),
    onSuccess: () => {
      const ended = { ...procedure, endedAt: new Date().toISOString() };
      client.setQueryData<StationView[]>(keys.stations, (all) => all?.map((s) => applyProcedure(s, ended)));
      void client.invalidateQueries({ queryKey: keys.stations });
    },
    onError: (error) => console.failed('end', error),
    onSettled: close,
  });

  const perform = (action: ConsoleAction) => {
    if (refuses && action.do !== 'help') return;
    switch (action.do) {
      case 'save':
        close();
        return void console.save(action.seconds ?? procedure.recipe.saveSeconds);
      case 'record':
        return void console.record();
      case 'still':
        return void console.still(roomPast.pictures());
      case 'marker':
        return void console.marker();
      case 'choose-length':
        return setDialog('length');
      case 'help':
        return setDialog('help');
    }
  };
  useConsoleKeys(station.stationId, dialog === undefined, perform);
  // While the length is being chosen, its digits work too.
  useConsoleKeys(station.stationId, dialog === 'length', (action) => {
    if (action.do === 'save' && action.seconds !== undefined && lengths.some((s) => s === action.seconds))
      perform(action);
  });

  return (
    <>
      <ConsoleHeader
        station={station}
        onHelp={() => setDialog('help')}
        extra={
          station.conversation && <RoomConversationButton open={open} busy={talking.busy} onSwitch={talking.set} />
        }
      >
        <PatientBanner
          procedure={procedure}
          onChange={() => setDialog('change')}
          onCorrect={() => setDialog('correct')}
        />
      </ConsoleHeader>
      <main className={classes.main}>
        <div className={classes.watch}>
          <FeedBanner text={t('feed.lostConsole')} large />
          <Failures console={console} />
          {!station.online && feedAlive && (
            <div className={classes.notice} data-tone="bad" role="alert">
              {t('console.roomOffline')}
            </div>
          )}
          {refuses && (
            <div className={classes.notice} data-tone="bad" role="status" data-testid="keeps-nothing">
              {t('consent.keepsNothing')}
            </div>
          )}
          {station.online && !station.brokerOk && (
            <div className={classes.notice} data-tone="warn" role="status">
              {t('console.brokerDown', { count: station.spooledFragments })}
            </div>
          )}
          <RoomConversationBar
            conversation={conversation}
            state={talk}
            open={open}
            pen={pen}
            onPen={setPen}
            onJoin={talking.join}
            onEnd={() => talking.set(false)}
          />
          <LiveGrid
            station={station}
            feedAlive={feedAlive}
            roomPast={roomPast}
            overlay={(source, aspect) =>
              talk.phase === 'in' && (
                <DrawingLayer conversation={conversation} source={source} aspect={aspect} pen={pen} />
              )
            }
          />
        </div>
        <ActionPanel
          station={station}
          console={console}
          seconds={procedure.recipe.saveSeconds}
          availableMs={available}
          refuses={refuses}
          oldMs={roomPast.oldMs}
          onStill={() => perform({ do: 'still' })}
          onChoose={() => setDialog('length')}
        />
      </main>
      <ClipStrip
        clips={console.clips}
        onOpen={(clipId) => setDialog({ clipId })}
        onRetry={(clipId) => void console.retry(clipId)}
      />
      {station.recording && <div className={classes.recording} data-testid="recording-frame" />}
      <LengthDialog open={dialog === 'length'} onClose={close} onPick={(seconds) => perform({ do: 'save', seconds })} />
      <ChangePatientDialog
        open={dialog === 'change'}
        name={nameOf(procedure.patient.name)}
        recording={station.recording !== undefined}
        busy={end.isPending}
        onClose={close}
        onConfirm={() => end.mutate()}
      />
      <CorrectPatient procedure={procedure} open={dialog === 'correct'} onClose={close} large />
      <HelpDialog stationId={station.stationId} open={dialog === 'help'} onClose={close} />
      <ClipOverlay
        clipId={typeof dialog === 'object' ? dialog.clipId : undefined}
        names={Object.fromEntries(station.sources.map((s) => [s.sourceId, s.name]))}
        onClose={close}
      />
    </>
  );
}
