import type { StationView } from '@smartbox/contracts';
import { Button, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconEraser, IconLogout, IconMessages, IconPencil, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Conversation, ConversationState } from './conversation.ts';
import classes from './DeskConversation.module.css';
import { PeopleList } from './PeopleList.tsx';
import { TalkButton } from './TalkButton.tsx';
import { useTroubleText } from './useTroubleText.ts';

interface Props {
  station: StationView;
  conversation: Conversation;
  state: ConversationState;
  open: boolean;
  pen: boolean;
  onPen: (pen: boolean) => void;
}

/** Talking into a room and pointing at its pictures, from a desk: what is possible, and why not where it is not. */
export function DeskConversation({ station, conversation, state, open, pen, onPen }: Props) {
  const { t } = useTranslation();
  const troubleText = useTroubleText();
  const trouble = troubleText(state);
  const inside = state.phase === 'in' || state.phase === 'again';
  return (
    <section
      className={classes.panel}
      aria-label={t('conversation.title')}
      data-testid="conversation"
      data-phase={state.phase}
    >
      <h2 className={classes.title}>
        <IconMessages size={22} aria-hidden />
        {t('conversation.title')}
      </h2>
      {!open ? (
        <p className={classes.soft}>{t(station.procedure ? 'conversation.closed.off' : 'conversation.closed.free')}</p>
      ) : inside ? (
        <Inside conversation={conversation} state={state} pen={pen} onPen={onPen} />
      ) : (
        <Join conversation={conversation} joining={state.phase === 'joining'} />
      )}
      {trouble !== undefined && (
        <p className={classes.trouble} role="status" data-testid="conversation-trouble">
          {trouble}
        </p>
      )}
    </section>
  );
}

/** Under which name; kept for the next time. */
function Join({ conversation, joining }: { conversation: Conversation; joining: boolean }) {
  const { t } = useTranslation();
  const [name, setName] = useLocalStorage({ key: 'smartbox.conversation.name', defaultValue: '' });
  const trimmed = name.trim();
  return (
    <form
      className={classes.join}
      onSubmit={(event) => {
        event.preventDefault();
        if (trimmed !== '') conversation.join(trimmed);
      }}
    >
      <p className={classes.soft}>{t('conversation.joinHint')}</p>
      <TextInput
        label={t('conversation.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={60}
        required
        autoComplete="name"
        size="md"
        data-testid="conversation-name"
      />
      <Button type="submit" size="md" loading={joining} disabled={trimmed === ''} data-testid="conversation-join">
        {t('conversation.join')}
      </Button>
    </form>
  );
}

function Inside({ conversation, state, pen, onPen }: Omit<Props, 'station' | 'open'>) {
  const { t } = useTranslation();
  const { me, muted } = state;
  const draws = me?.rights.includes('draw') === true;
  return (
    <>
      <TalkButton conversation={conversation} state={state} />
      {state.silenced && (
        <Button size="md" color="yellow" onClick={() => conversation.unlock()} data-testid="conversation-unlock">
          {t('conversation.unlock')}
        </Button>
      )}
      <div className={classes.tools}>
        <Button
          variant={pen ? 'filled' : 'default'}
          leftSection={<IconPencil size={20} aria-hidden />}
          aria-pressed={pen}
          disabled={!draws}
          onClick={() => onPen(!pen)}
          data-testid="pen"
        >
          {t('conversation.pen')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconEraser size={20} aria-hidden />}
          disabled={!draws}
          aria-label={t('conversation.clearMine')}
          title={t('conversation.clearMine')}
          onClick={() => conversation.draw({ t: 'clear', all: false })}
          data-testid="clear-mine"
        >
          {t('conversation.clear')}
        </Button>
        <Button
          variant={muted ? 'filled' : 'default'}
          leftSection={muted ? <IconVolumeOff size={20} aria-hidden /> : <IconVolume size={20} aria-hidden />}
          aria-pressed={muted}
          onClick={() => conversation.mute(!muted)}
          data-testid="mute"
        >
          {t('conversation.mute')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconLogout size={20} aria-hidden />}
          onClick={() => conversation.leave()}
          data-testid="conversation-leave"
        >
          {t('conversation.leave')}
        </Button>
      </div>
      {pen && <p className={classes.soft}>{t('conversation.penHint')}</p>}
      <PeopleList people={state.people} me={me} />
      <p className={classes.soft}>{t('conversation.audited')}</p>
    </>
  );
}
