import type { StationView } from '@smartbox/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconEraser, IconMessageOff, IconMessages, IconPencil, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import { upsertStation } from '../feed/reduce.ts';
import type { Conversation, ConversationState } from './conversation.ts';
import classes from './RoomConversation.module.css';
import { TalkButton } from './TalkButton.tsx';
import { useTroubleText } from './useTroubleText.ts';

/** Which procedure's conversation this panel takes part in, over a reload of the page. */
const storageKey = (stationId: string) => `smartbox.conversation.${stationId}`;

/** Switches the room's conversation on and off; this panel takes part while it is on and was asked to here. */
export function useRoomSwitch(
  station: StationView,
  conversation: Conversation,
  open: boolean,
  onError: (error: unknown) => void,
) {
  const client = useQueryClient();
  const { stationId, name, procedure } = station;
  const procedureId = procedure?.procedureId ?? '';
  const join = () => {
    sessionStorage.setItem(storageKey(stationId), procedureId);
    conversation.join(name);
  };
  useEffect(() => {
    if (open && sessionStorage.getItem(storageKey(stationId)) === procedureId) conversation.join(name);
  }, [open, conversation, stationId, procedureId, name]);
  const { mutate, isPending } = useMutation({
    mutationFn: (wanted: boolean) => api.switchConversation(stationId, wanted),
    onSuccess: (view, wanted) => {
      client.setQueryData<StationView[]>(keys.stations, (all) => all && upsertStation(all, view));
      if (wanted) join();
    },
    onError,
  });
  const set = (wanted: boolean) => {
    if (!wanted) {
      // Silence at once; the server's answer ends it for the others.
      sessionStorage.removeItem(storageKey(stationId));
      conversation.leave();
    }
    mutate(wanted);
  };
  return { set, join, busy: isPending };
}

interface BarProps {
  conversation: Conversation;
  state: ConversationState;
  open: boolean;
  pen: boolean;
  onPen: (pen: boolean) => void;
  onJoin: () => void;
  onEnd: () => void;
}

/** On the panel while the conversation is on: who speaks or draws, to be seen from afar; and what silences it. */
export function RoomConversationBar({ conversation, state, open, pen, onPen, onJoin, onEnd }: BarProps) {
  const { t } = useTranslation();
  const troubleText = useTroubleText();
  if (!open) return null;
  const inside = state.phase === 'in';
  const acting = state.people.filter(
    ({ personId, speaking, drawing }) => personId !== state.me?.personId && (speaking || drawing),
  );
  const [first] = acting;
  const trouble = troubleText(state);
  return (
    <section
      className={classes.bar}
      data-acting={first !== undefined}
      data-phase={state.phase}
      data-testid="room-conversation"
      aria-label={t('conversation.title')}
    >
      <div className={classes.sign} role="status">
        <strong className={classes.who} data-testid="conversation-sign">
          {first
            ? t(first.speaking ? 'conversation.sign.speaks' : 'conversation.sign.draws', { name: first.name })
            : t(inside ? 'conversation.sign.open' : 'conversation.sign.openElsewhere')}
        </strong>
        <span className={classes.detail} data-tone={trouble === undefined ? 'idle' : 'warn'}>
          {trouble ??
            (acting.length > 1
              ? t('conversation.sign.more', { count: acting.length - 1 })
              : t('conversation.sign.present', { count: Math.max(0, state.people.length - 1) }))}
        </span>
      </div>
      {inside ? (
        <>
          <TalkButton conversation={conversation} state={state} large />
          {state.silenced ? (
            <button type="button" className={classes.tool} data-tone="warn" onClick={() => conversation.unlock()}>
              <IconVolume size={36} aria-hidden />
              {t('conversation.unlock')}
            </button>
          ) : (
            <button
              type="button"
              className={classes.tool}
              aria-pressed={state.muted}
              onClick={() => conversation.mute(!state.muted)}
              data-testid="mute"
            >
              {state.muted ? <IconVolumeOff size={36} aria-hidden /> : <IconVolume size={36} aria-hidden />}
              {t('conversation.mute')}
            </button>
          )}
          {state.me?.rights.includes('draw') === true && (
            <>
              <button
                type="button"
                className={classes.tool}
                aria-pressed={pen}
                onClick={() => onPen(!pen)}
                data-testid="pen"
              >
                <IconPencil size={36} aria-hidden />
                {t('conversation.pen')}
              </button>
              <button
                type="button"
                className={classes.tool}
                onClick={() => conversation.draw({ t: 'clear', all: true })}
                data-testid="clear-all"
              >
                <IconEraser size={36} aria-hidden />
                {t('conversation.clearAll')}
              </button>
            </>
          )}
        </>
      ) : (
        <button
          type="button"
          className={classes.tool}
          disabled={state.phase !== 'out'}
          onClick={onJoin}
          data-testid="conversation-join"
        >
          <IconMessages size={36} aria-hidden />
          {t(state.phase === 'out' ? 'conversation.joinHere' : 'conversation.joining')}
        </button>
      )}
      <button type="button" className={classes.end} onClick={onEnd} data-testid="conversation-end">
        <IconMessageOff size={36} aria-hidden />
        {t('conversation.end')}
      </button>
    </section>
  );
}

/** In the head of the panel, where the station's configuration allows it. */
export function RoomConversationButton(props: { open: boolean; busy: boolean; onSwitch: (open: boolean) => void }) {
  const { t } = useTranslation();
  const { open, busy, onSwitch } = props;
  return (
    <button
      type="button"
      className={classes.switch}
      data-open={open}
      aria-pressed={open}
      disabled={busy}
      onClick={() => onSwitch(!open)}
      data-testid="conversation-switch"
    >
      <IconMessages size={34} aria-hidden />
      <span>{t(open ? 'conversation.on' : 'conversation.off')}</span>
    </button>
  );
}
