import { randomBytes } from 'node:crypto';
import { ConversationRequest, ConversationRight } from '@smartbox/contracts';
import { SmartBoxError, transientError } from '@smartbox/kernel';
import { counter, gauge } from '@smartbox/telemetry';
import { announce, onlyWhatIsSent } from '../domain/answer.ts';
import { jsonOf } from '../domain/corridor-message.ts';
import type { ConversationJournal, Guest, OpenRooms, Present, TalkCorridor, VoiceHost } from './conversation-ports.ts';
import { ConversationRoom } from './conversation-room.ts';

interface Visit {
  /** Known to this person alone: it ends the visit. */
  session: string;
  present: Present;
  rights: ConversationRight[];
}

const TICK_MS = 1_000;
/** In all rooms of this instance. */
const MOST_PEOPLE = 60;

/** Talking and pointing between rooms and those who watch them. */
export class Conversations {
  readonly #host: VoiceHost;
  readonly #corridor: TalkCorridor;
  readonly #open: OpenRooms;
  readonly #journal: ConversationJournal;
  readonly #announced: readonly string[];
  readonly #rooms = new Map<string, { room: ConversationRoom; unsubscribe: () => void }>();
  readonly #visits = new Map<string, Visit>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    host: VoiceHost,
    corridor: TalkCorridor,
    open: OpenRooms,
    journal: ConversationJournal,
    announcedAddresses: readonly string[],
  ) {
    this.#host = host;
    this.#corridor = corridor;
    this.#open = open;
    this.#journal = journal;
    this.#announced = announcedAddresses;
    host.on({
      open: (id) => this.#entered(id),
      said: (id, text) => this.#said(id, text),
      voice: (id, rtp) => this.#roomOf(id)?.spoken(id, rtp),
      gone: (id) => this.#gone(id),
    });
    open.onChange((stationId) => this.#closed(stationId));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    gauge('smartbox_conversation_people', 'People connected or connecting', [], (set) => set(this.#visits.size));
  }

  /** Answers an offer. @throws SmartBoxError `conversation-closed`, `overloaded`, `invalid-offer`. */
  async join(stationId: string, guest: Guest, offer: string): Promise<{ session: string; answer: string }> {
    const procedureId = this.#open.procedure(stationId);
    if (procedureId === undefined) {
      throw new SmartBoxError({
        code: 'conversation-closed',
        message: `the room ${stationId} has not switched the conversation on`,
        fault: 'theirs',
        retryable: true,
      });
    }
    if (this.#visits.size >= MOST_PEOPLE)
      throw transientError('overloaded', `no room for more than ${MOST_PEOPLE} people`);
    // Random, both: by one the others know this person's presence, the other one is nobody else's.
    const [personId, session] = [randomId(), randomId()];
    const { who, name, side } = guest;
    const rights = ConversationRight.options.filter((right) => guest.rights.includes(right));
    const present = { stationId, procedureId, personId, who, name, side };
    this.#visits.set(personId, { session, present, rights });
    try {
      const sdp = await this.#host.join(personId, stationId, offer, rights.includes('speak'));
      return { session, answer: announce(onlyWhatIsSent(sdp), this.#announced) };
    } catch (error) {
      this.#visits.delete(personId);
      throw error;
    }
  }

  /** Ending what is over is fine. */
  leave(session: string, stationId: string): void {
    for (const [personId, visit] of this.#visits) {
      if (visit.session === session && visit.present.stationId === stationId) this.#host.leave(personId);
    }
  }

  /** This service ends. */
  close(): void {
    clearInterval(this.#timer);
    for (const personId of [...this.#visits.keys()]) this.#gone(personId);
  }

  #entered(personId: string): void {
    const visit = this.#visits.get(personId);
    if (!visit) return;
    const { stationId, procedureId } = visit.present;
    // It was switched off, or the patient changed, while this person connected.
    if (this.#open.procedure(stationId) !== procedureId) return this.#host.leave(personId);
    let known = this.#rooms.get(stationId);
    if (!known) {
      const publish = (bytes: Uint8Array) => this.#corridor.publish(stationId, bytes);
      const links = { host: this.#host, publish, journal: this.#journal, now: () => performance.now() };
      const room = new ConversationRoom(stationId, links);
      known = { room, unsubscribe: this.#corridor.subscribe(stationId, (bytes) => room.take(bytes)) };
      this.#rooms.set(stationId, known);
    }
    counter('smartbox_conversation_joins_total', 'People who took part').inc();
    known.room.enter(visit.present, visit.rights);
  }

  #said(personId: string, text: string): void {
    const request = ConversationRequest.safeParse(jsonOf(text));
    if (request.success) this.#roomOf(personId)?.said(personId, request.data);
  }

  #gone(personId: string): void {
    const stationId = this.#visits.get(personId)?.present.stationId;
    if (stationId === undefined) return;
    this.#visits.delete(personId);
    const known = this.#rooms.get(stationId);
    known?.room.leave(personId);
    if (!known || known.room.locals.length > 0) return;
    known.unsubscribe();
    this.#rooms.delete(stationId);
  }

  /** The room has switched it off, or another patient is in it. */
  #closed(stationId: string): void {
    const procedureId = this.#open.procedure(stationId);
    for (const [personId, { present }] of [...this.#visits]) {
      if (present.stationId === stationId && present.procedureId !== procedureId) this.#host.leave(personId);
    }
  }

  #roomOf(personId: string): ConversationRoom | undefined {
    const stationId = this.#visits.get(personId)?.present.stationId;
    return stationId === undefined ? undefined : this.#rooms.get(stationId)?.room;
  }

  #tick(): void {
    for (const { room } of this.#rooms.values()) room.tick();
  }
}

const randomId = (): string => randomBytes(16).toString('base64url');
