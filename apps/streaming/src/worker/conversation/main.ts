import { CONVERSATION_VOICES } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { initLogger } from 'node-datachannel';
import { readRtp } from '../../domain/rtp.ts';
import { freeUdpPort } from '../udp-port.ts';
import { PersonPeer } from './person-peer.ts';
import type { FromVoices, ToVoices, VoiceSettings } from './protocol.ts';

// One process for the conversations: a crash in the native stack ends them and nothing else.
const settings = JSON.parse(process.argv[2] ?? '{}') as VoiceSettings;

interface Room {
  people: Map<string, PersonPeer>;
  /** Who is heard in which place. */
  voices: (string | undefined)[];
}

const rooms = new Map<string, Room>();
const people = new Map<string, PersonPeer>();
const network = { udpPort: 0, bindAddress: settings.bindAddress };

const tell = (message: FromVoices): void => {
  process.send?.(message, () => undefined);
};

function roomOf(name: string): Room {
  const room = rooms.get(name) ?? {
    people: new Map<string, PersonPeer>(),
    voices: Array<string | undefined>(CONVERSATION_VOICES).fill(undefined),
  };
  rooms.set(name, room);
  return room;
}

async function join({ person, room: name, offer, maySpeak }: Extract<ToVoices, { t: 'join' }>): Promise<void> {
  const room = roomOf(name);
  const peer = new PersonPeer(person, network, {
    open: () => tell({ t: 'open', person }),
    said: (text) => tell({ t: 'said', person, text }),
    voice: (rtp) => tell({ t: 'voice', person, rtp }),
    gone: (reason) => {
      people.delete(person);
      room.people.delete(person);
      if (room.people.size === 0) rooms.delete(name);
      tell({ t: 'gone', person, reason });
    },
  });
  people.set(person, peer);
  room.people.set(person, peer);
  try {
    tell({ t: 'done', person, sdp: await peer.answer(offer, maySpeak) });
  } catch (thrown) {
    const error = toError(thrown);
    // What the native parser refuses is the person's fault.
    tell({
      t: 'refused',
      person,
      code: error instanceof SmartBoxError ? error.code : 'invalid-offer',
      message: error.message,
    });
    peer.close(error.message);
  }
}

function hear(name: string, from: string, rtp: Uint8Array): void {
  const room = rooms.get(name);
  const packet = readRtp(rtp);
  if (!room || !packet) return;
  let place = room.voices.indexOf(from);
  if (place < 0) {
    place = room.voices.indexOf(undefined);
    if (place < 0) return;
    room.voices[place] = from;
  }
  for (const [person, peer] of room.people) if (person !== from) peer.hear(place, from, packet);
}

function silent(name: string, from: string): void {
  const room = rooms.get(name);
  const place = room?.voices.indexOf(from) ?? -1;
  if (!room || place < 0) return;
  room.voices[place] = undefined;
  for (const peer of room.people.values()) peer.ended(place);
}

function handle(message: ToVoices): void {
  switch (message.t) {
    case 'join':
      void join(message);
      return;
    case 'say':
      people.get(message.person)?.say(message.text);
      return;
    case 'voice':
      return hear(message.room, message.from, message.rtp);
    case 'silent':
      return silent(message.room, message.from);
    case 'leave':
      people.get(message.person)?.close('left');
      return;
  }
}

process.on('message', (message: ToVoices) => {
  try {
    handle(message);
  } catch (error) {
    console.error(`conversations: ${message.t}: ${toError(error).message}`);
  }
});
// The service is gone: so are its people.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the service decides when its workers end.
process.on('SIGINT', () => undefined);

initLogger('Error', (_level, text) => console.error(`webrtc: ${text}`));
setInterval(() => {
  const now = performance.now();
  for (const peer of [...people.values()]) peer.reap(now, settings.connectMs);
}, 1_000);
network.udpPort = settings.udpPort === 0 ? await freeUdpPort(settings.bindAddress) : settings.udpPort;
tell({ t: 'ready' });
