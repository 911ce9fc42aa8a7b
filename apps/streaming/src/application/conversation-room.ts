import {
  CONVERSATION_COLOURS,
  CONVERSATION_VOICES,
  type ConversationNews,
  type ConversationPerson,
  type ConversationRequest,
} from '@smartbox/contracts';
import { readCorridor, writeNews, writeVoice, type CorridorNews } from '../domain/corridor-message.ts';
import type { Act, ConversationJournal, Present, VoiceHost } from './conversation-ports.ts';

/** Renewed each second; who is not heard of for this long has gone. */
const SILENT_MS = 3_000;
/** A person's browser says that it is there every two seconds. */
const AWAY_MS = 8_000;
/** So long after the last stroke the drawing is over. */
const DRAWN_MS = 3_000;
/** Messages a second of one person; what is more is lost, as a pointer that moves too fast. */
const PER_SECOND = 80;

/** Somebody who is connected here. */
interface Local {
  present: Present;
  joinedAt: number;
  heardAt: number;
  /** Acts so far, and when the one that runs began. */
  acts: Record<Act, { count: number; since: number | undefined }>;
  drawnAt: number;
  budget: number;
}

interface Known {
  person: ConversationPerson;
  seenAt: number;
  local: Local | undefined;
}

export interface RoomLinks {
  host: Pick<VoiceHost, 'say' | 'voice' | 'silent' | 'leave'>;
  publish: (bytes: Uint8Array) => void;
  journal: ConversationJournal;
  /** Monotonic, ms. */
  now: () => number;
}

/**
 * The conversation of one room, as this instance of the service has it: who is connected here, and who elsewhere. What
 * somebody here says or draws goes out to all instances, and comes back to this one too: so there is one order and one
 * way. Rights are checked here, where the person is connected.
 */
export class ConversationRoom {
  readonly #station: string;
  readonly #links: RoomLinks;
  readonly #known = new Map<string, Known>();

  constructor(station: string, links: RoomLinks) {
    this.#station = station;
    this.#links = links;
  }

  /** People who are connected here. */
  get locals(): string[] {
    return [...this.#known].flatMap(([id, { local }]) => (local ? [id] : []));
  }

  /** The data channel is open. */
  enter(present: Present, rights: ConversationPerson['rights']): void {
    const now = this.#links.now();
    const { personId, name, side } = present;
    const person = { personId, name, side, rights, colour: this.#colour(side), speaking: false, drawing: false };
    const none = () => ({ count: 0, since: undefined });
    const acts = { speech: none(), drawing: none() };
    const local = { present, joinedAt: now, heardAt: now, acts, drawnAt: 0, budget: PER_SECOND };
    this.#known.set(personId, { person, seenAt: now, local });
    this.#links.journal.joined(present);
    this.#tell(personId, { t: 'you', person });
    this.#changed(personId);
  }

  leave(personId: string): void {
    const known = this.#known.get(personId);
    if (!known?.local) return;
    this.#end(known, 'speech');
    this.#end(known, 'drawing');
    const { present, joinedAt } = known.local;
    this.#known.delete(personId);
    this.#links.journal.left(present, Math.round(this.#links.now() - joinedAt));
    this.#links.host.silent(this.#station, personId);
    this.#publish({ t: 'gone', personId });
    this.#tellPeople();
  }

  said(personId: string, request: ConversationRequest): void {
    const known = this.#known.get(personId);
    if (!known?.local) return;
    known.local.heardAt = this.#links.now();
    if (request.t === 'here' || (known.local.budget -= 1) < 0) return;
    if (request.t === 'speak') return this.#speak(known, request.on);
    if (!known.person.rights.includes('draw')) return this.#refuse(personId, 'draw', 'no-right');
    if (request.t === 'clear' && request.all && known.person.side !== 'room') {
      return this.#refuse(personId, 'draw', 'room-only');
    }
    known.local.drawnAt = this.#links.now();
    if (request.t === 'line') this.#begin(known, 'drawing');
    this.#publish({ t: 'drawn', personId, colour: known.person.colour, drawing: request });
  }

  /** A packet of the person's voice: heard only while the person speaks. */
  spoken(personId: string, rtp: Uint8Array): void {
    if (this.#known.get(personId)?.person.speaking === true) this.#links.publish(writeVoice(personId, rtp));
  }

  /** What an instance has published, this one included. */
  take(bytes: Uint8Array): void {
    const message = readCorridor(bytes);
    if (!message) return;
    if (message.kind === 'news') return this.#learn(message.news);
    const from = this.#known.get(message.personId);
    if (from?.person.speaking === true) this.#links.host.voice(this.#station, message.personId, message.rtp);
  }

  /** Each second. */
  tick(): void {
    const now = this.#links.now();
    for (const [personId, known] of [...this.#known]) {
      const { local, seenAt, person } = known;
      if (!local) {
        if (now - seenAt > SILENT_MS) this.#forget(personId);
        continue;
      }
      local.budget = PER_SECOND;
      if (now - local.heardAt > AWAY_MS) {
        this.#links.host.leave(personId);
        continue;
      }
      if (person.drawing && now - local.drawnAt > DRAWN_MS) this.#end(known, 'drawing');
      this.#publish({ t: 'here', person: known.person });
    }
  }

  #speak(known: Known, on: boolean): void {
    const { personId, rights, speaking } = known.person;
    if (on === speaking) return;
    if (!on) return this.#end(known, 'speech');
    if (!rights.includes('speak')) return this.#refuse(personId, 'speak', 'no-right');
    const others = [...this.#known.values()].filter(({ person }) => person.speaking).length;
    if (others >= CONVERSATION_VOICES) return this.#refuse(personId, 'speak', 'too-many');
    this.#begin(known, 'speech');
  }

  #begin(known: Known, what: Act): void {
    const act = known.local?.acts[what];
    if (!act || !known.local || act.since !== undefined) return;
    act.since = this.#links.now();
    this.#links.journal.began(what, known.local.present, act.count);
    known.person = { ...known.person, [what === 'speech' ? 'speaking' : 'drawing']: true };
    this.#changed(known.person.personId);
  }

  #end(known: Known, what: Act): void {
    const act = known.local?.acts[what];
    if (!act || !known.local || act.since === undefined) return;
    const durationMs = Math.round(this.#links.now() - act.since);
    this.#links.journal.ended(what, known.local.present, act.count, durationMs);
    act.count += 1;
    act.since = undefined;
    known.person = { ...known.person, [what === 'speech' ? 'speaking' : 'drawing']: false };
    if (what === 'speech') this.#links.host.silent(this.#station, known.person.personId);
    this.#changed(known.person.personId);
  }

  #learn(news: CorridorNews): void {
    switch (news.t) {
      case 'here': {
        const { person } = news;
        const known = this.#known.get(person.personId);
        // Of those who are here we know better.
        if (known?.local) return;
        this.#known.set(person.personId, { person, seenAt: this.#links.now(), local: undefined });
        if (known?.person.speaking === true && !person.speaking)
          this.#links.host.silent(this.#station, person.personId);
        if (!known || known.person.speaking !== person.speaking || known.person.drawing !== person.drawing) {
          this.#tellPeople();
        }
        return;
      }
      case 'gone':
        if (this.#known.get(news.personId)?.local === undefined) this.#forget(news.personId);
        return;
      case 'drawn':
        for (const id of this.locals) this.#tell(id, news);
        return;
    }
  }

  #forget(personId: string): void {
    if (!this.#known.delete(personId)) return;
    this.#links.host.silent(this.#station, personId);
    this.#tellPeople();
  }

  /** The room's own is the first one; everybody else has the first that nobody has. */
  #colour(side: ConversationPerson['side']): number {
    if (side === 'room') return 0;
    const taken = new Set([...this.#known.values()].map(({ person }) => person.colour));
    for (let colour = 1; colour < CONVERSATION_COLOURS; colour++) if (!taken.has(colour)) return colour;
    return 1 + (this.#known.size % (CONVERSATION_COLOURS - 1));
  }

  /** Somebody here is there, or does something else. */
  #changed(personId: string): void {
    const known = this.#known.get(personId);
    if (known) this.#publish({ t: 'here', person: known.person });
    this.#tellPeople();
  }

  #tellPeople(): void {
    const people = [...this.#known.values()].map(({ person }) => person);
    for (const id of this.locals) this.#tell(id, { t: 'people', people });
  }

  #refuse(personId: string, what: 'speak' | 'draw', code: string): void {
    this.#tell(personId, { t: 'refused', what, code });
  }

  #publish(news: CorridorNews): void {
    this.#links.publish(writeNews(news));
  }

  #tell(personId: string, news: ConversationNews): void {
    this.#links.host.say(personId, JSON.stringify(news));
  }
}
