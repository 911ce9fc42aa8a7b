import type { ConversationPerson, StationView } from '@smartbox/contracts';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { api } from '../api/client.ts';
import { Conversation } from './conversation.ts';
import type { ConversationState } from './conversation.ts';

/**
 * The conversation of a room as this screen takes part in it; a screen shows one room for as long as it is mounted. It is
 * left when the room switches it off, when the patient changes and when the screen is left.
 */
export function useConversation(
  station: StationView,
  side: ConversationPerson['side'],
): { conversation: Conversation; state: ConversationState; open: boolean } {
  const { stationId, procedure } = station;
  const open = station.conversation !== undefined && procedure?.conversationSince !== undefined;
  const scope = open ? procedure.procedureId : undefined;
  const [conversation] = useState(
    () => new Conversation({ grant: (name, signal) => api.conversationGrant(stationId, side, name, signal) }),
  );
  const state = useSyncExternalStore(
    (listener) => conversation.onChange(listener),
    () => conversation.state,
  );
  useEffect(() => {
    const leave = () => conversation.leave();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [conversation, scope]);
  return { conversation, state, open };
}
