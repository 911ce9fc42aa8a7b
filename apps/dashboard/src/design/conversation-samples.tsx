import { Conversation } from '../conversation/conversation.ts';
import type { ConversationState } from '../conversation/conversation.ts';
import { DeskConversation } from '../conversation/DeskConversation.tsx';
import { RoomConversationBar } from '../conversation/RoomConversation.tsx';
import { sampleStation } from './samples.ts';

const nothing = () => undefined;
/** It is never joined: the page of the design system asks no server. */
const conversation = new Conversation({ grant: () => Promise.reject(new Error('a sample')) });

const person = (personId: string, name: string, colour: number): ConversationState['people'][number] => ({
  personId,
  name,
  side: colour === 0 ? 'room' : 'desk',
  colour,
  rights: ['speak', 'draw'],
  speaking: false,
  drawing: false,
});
const [room, desk, listener] = [
  person('sample-0', 'OP 1', 0),
  person('sample-1', 'Prof. Hansen', 1),
  { ...person('sample-2', 'Dr. Yilmaz', 2), rights: [] },
];
const silent: ConversationState = { ...conversation.state, phase: 'in', me: room, people: [room, desk, listener] };
const spoken: ConversationState = {
  ...silent,
  people: [room, { ...desk, speaking: true }, { ...listener, drawing: true }],
};

/** On the panel: nobody speaks, somebody does, the own microphone is on, it is on elsewhere only. */
export function RoomConversationSamples() {
  const states = [silent, spoken, { ...silent, talk: 'on' as const }, conversation.state];
  return states.map((state, i) => (
    <RoomConversationBar
      key={i}
      conversation={conversation}
      state={state}
      open
      pen={state === spoken}
      onPen={nothing}
      onJoin={nothing}
      onEnd={nothing}
    />
  ));
}

/** On the desk: it is off, may be joined, somebody speaks, without a right, without a microphone. */
export function DeskConversationSamples() {
  const states: [ConversationState, boolean][] = [
    [conversation.state, false],
    [conversation.state, true],
    [{ ...spoken, me: desk }, true],
    [{ ...silent, me: listener }, true],
    [{ ...silent, me: desk, trouble: 'denied' }, true],
  ];
  return states.map(([state, open], i) => (
    <DeskConversation
      key={i}
      station={sampleStation}
      conversation={conversation}
      state={state}
      open={open}
      pen={false}
      onPen={nothing}
    />
  ));
}
