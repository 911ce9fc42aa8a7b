import { IconMicrophone, IconMicrophoneOff } from '@tabler/icons-react';
import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation, ConversationState } from './conversation.ts';
import { MicrophoneLevel } from './MicrophoneLevel.tsx';
import classes from './TalkButton.module.css';

interface Props {
  conversation: Conversation;
  state: ConversationState;
  /** For gloves. */
  large?: boolean;
}

/** Shorter is a tap: the microphone stays on until the next one. */
const TAP_MS = 350;

/** Speaks for as long as it is held; a tap switches it on, the next one off. Space and Enter do the same. */
export function TalkButton({ conversation, state, large = false }: Props) {
  const { t } = useTranslation();
  const pressedAt = useRef<number | undefined>(undefined);
  const { talk, me } = state;
  const allowed = me?.rights.includes('speak') === true;

  const press = () => {
    if (conversation.state.talk !== 'off') {
      pressedAt.current = undefined;
      return void conversation.speak(false);
    }
    pressedAt.current = performance.now();
    void conversation.speak(true);
  };
  const release = () => {
    const since = pressedAt.current;
    pressedAt.current = undefined;
    if (since !== undefined && performance.now() - since > TAP_MS) void conversation.speak(false);
  };
  const isKey = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter';

  return (
    <button
      type="button"
      className={classes.talk}
      data-large={large}
      data-talk={talk}
      aria-pressed={talk === 'on'}
      disabled={!allowed}
      data-testid="talk"
      onPointerDown={(event: PointerEvent<HTMLButtonElement>) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        press();
      }}
      onPointerUp={release}
      onPointerCancel={release}
      // Held by a key while another window came forward: its release would not be seen.
      onBlur={release}
      onKeyDown={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        event.stopPropagation();
        if (!event.repeat) press();
      }}
      onKeyUp={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        release();
      }}
      onContextMenu={(event) => event.preventDefault()}
    >
      {allowed ? (
        <IconMicrophone size={large ? 40 : 28} aria-hidden />
      ) : (
        <IconMicrophoneOff size={large ? 40 : 28} aria-hidden />
      )}
      <span className={classes.words}>
        <strong>{t(allowed ? `conversation.talk.${talk}` : 'conversation.talk.never')}</strong>
        <span>{t(allowed ? `conversation.talkHint.${talk}` : 'conversation.talkHint.never')}</span>
      </span>
      {talk === 'on' && <MicrophoneLevel conversation={conversation} />}
    </button>
  );
}
