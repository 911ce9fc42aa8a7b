import type { ConversationPerson, Drawing } from '@smartbox/contracts';
import { ApiError } from '../api/errors.ts';
import { ConversationSession } from './conversation-session.ts';
import type { ConversationLink, SessionOptions } from './conversation-session.ts';
import { DrawingBoard } from './drawing-board.ts';
import { isSilent, Microphone, MicrophoneError } from './microphone.ts';
import type { MicrophoneTrouble } from './microphone.ts';

/** Why one does not speak, or does not any more. */
export type TalkTrouble = MicrophoneTrouble | 'no-right' | 'too-many' | 'quiet';

export interface ConversationState {
  /** `again`: the connection is lost, and is tried again by itself. */
  phase: 'out' | 'joining' | 'in' | 'again';
  /** Why it is `out`, where nobody wanted that. */
  error: unknown;
  me: ConversationPerson | undefined;
  people: readonly ConversationPerson[];
  /** This device's voice; `asking`: the browser asks for the microphone. */
  talk: 'off' | 'asking' | 'on';
  trouble: TalkTrouble | undefined;
  /** The others are not to be heard: by one's own wish, or because the browser waits for a touch. */
  muted: boolean;
  silenced: boolean;
}

export interface ConversationOptions {
  grant: (name: string | undefined, signal: AbortSignal) => Promise<ConversationLink>;
  session?: (
    options: SessionOptions,
  ) => Pick<ConversationSession, 'start' | 'stop' | 'say' | 'send' | 'mute' | 'unlock'>;
  microphone?: () => Pick<Microphone, 'track' | 'level' | 'stop'>;
}

const out: ConversationState = {
  phase: 'out',
  error: undefined,
  me: undefined,
  people: [],
  talk: 'off',
  trouble: undefined,
  muted: false,
  silenced: false,
};
/** Refusals that hold: asking again would change nothing. */
const FINAL = new Set(['conversation-closed', 'conversation-not-allowed', 'no-procedure', 'no-webrtc']);
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000] as const;
const LISTEN_MS = 500;
/** A microphone that was forgotten is switched off after so long without a sound. */
const QUIET_MS = 30_000;

/** This person's part in the conversation of one room. */
export class Conversation {
  readonly board = new DrawingBoard();
  readonly #options: ConversationOptions;
  readonly #listeners = new Set<() => void>();
  #state = out;
  #session: ReturnType<NonNullable<ConversationOptions['session']>> | undefined;
  #microphone: ReturnType<NonNullable<ConversationOptions['microphone']>> | undefined;
  #name: string | undefined;
  #wantsTalk = false;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #listening: ReturnType<typeof setInterval> | undefined;
  #quietMs = 0;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  get state(): ConversationState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param name how the others see this person. */
  join(name?: string): void {
    if (this.#state.phase !== 'out') return;
    this.#name = name;
    this.#attempt = 0;
    this.#open('joining');
  }

  leave(): void {
    this.#close();
    this.#set({ ...out, muted: this.#state.muted });
  }

  /** On, off. Whether the others hear it is said by `state.me`. */
  async speak(on: boolean): Promise<void> {
    this.#wantsTalk = on;
    if (!on) return this.#silent(undefined);
    if (this.#state.phase !== 'in' || this.#state.talk !== 'off') return;
    if (this.#state.me?.rights.includes('speak') !== true) return this.#set({ trouble: 'no-right' });
    this.#set({ talk: 'asking', trouble: undefined });
    try {
      const microphone = (this.#microphone ??= this.#options.microphone?.() ?? new Microphone());
      const track = await microphone.track();
      // Released, or left, while the browser asked.
      if (!this.#wants()) return this.#silent(undefined);
      await this.#session?.send(track);
      if (!this.#wants()) return this.#silent(undefined);
      this.#session?.say({ t: 'speak', on: true });
      this.#set({ talk: 'on' });
      this.#listen();
    } catch (error) {
      this.#silent(error instanceof MicrophoneError ? error.trouble : 'missing');
    }
  }

  /** Seen here at once, and by the others as soon as it has come to them. */
  draw(drawing: Drawing): void {
    const { me } = this.#state;
    if (!me?.rights.includes('draw')) return;
    this.board.take(me.personId, me.colour, drawing, performance.now());
    this.#session?.say(drawing);
  }

  mute(muted: boolean): void {
    this.#session?.mute(muted);
    this.#set({ muted });
  }

  /** The page has been touched: the browser plays sound now. */
  unlock(): void {
    this.#session?.unlock();
    this.#set({ silenced: false });
  }

  level(): Promise<number> {
    return this.#microphone?.level() ?? Promise.resolve(0);
  }

  #wants(): boolean {
    return this.#wantsTalk && this.#state.phase === 'in';
  }

  #open(phase: 'joining' | 'again'): void {
    this.#set({ phase, error: undefined });
    const options: SessionOptions = {
      grant: (signal) => this.#options.grant(this.#name, signal),
      onJoined: (me) => {
        this.#attempt = 0;
        this.#set({ phase: 'in', me });
      },
      onPeople: (people) => {
        const me = people.find(({ personId }) => personId === this.#state.me?.personId) ?? this.#state.me;
        this.#set({ people, me });
      },
      onDrawn: ({ personId, colour, drawing }) => {
        if (personId !== this.#state.me?.personId) this.board.take(personId, colour, drawing, performance.now());
        else if (drawing.t === 'clear') this.board.take(personId, colour, drawing, performance.now());
      },
      onRefused: (what, code) => {
        if (what === 'speak') this.#silent(code === 'too-many' ? 'too-many' : 'no-right');
      },
      onSilenced: () => this.#set({ silenced: true }),
      onEnd: (error) => this.#ended(error),
    };
    this.#session = this.#options.session?.(options) ?? new ConversationSession(options);
    this.#session.mute(this.#state.muted);
    void this.#session.start();
  }

  #ended(error: unknown): void {
    this.#silent(undefined);
    this.#session = undefined;
    if (error instanceof ApiError && FINAL.has(error.code)) {
      this.#close();
      return this.#set({ ...out, error, muted: this.#state.muted });
    }
    this.#set({ phase: 'again', me: undefined, people: [] });
    const wait = AGAIN_MS[Math.min(this.#attempt, AGAIN_MS.length - 1)];
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#open('again'), wait);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#silent(undefined);
    this.#session?.stop();
    this.#session = undefined;
    this.#microphone?.stop();
    this.#microphone = undefined;
    this.board.clear();
  }

  #silent(trouble: TalkTrouble | undefined): void {
    clearInterval(this.#listening);
    this.#wantsTalk = false;
    if (this.#state.talk === 'on') this.#session?.say({ t: 'speak', on: false });
    if (this.#state.talk !== 'off') void this.#session?.send(null);
    if (this.#state.talk !== 'off' || trouble !== undefined) this.#set({ talk: 'off', trouble });
  }

  /** To a microphone that nobody speaks into. */
  #listen(): void {
    this.#quietMs = 0;
    clearInterval(this.#listening);
    this.#listening = setInterval(() => {
      void this.level().then((level) => {
        this.#quietMs = isSilent(level) ? this.#quietMs + LISTEN_MS : 0;
        if (this.#quietMs >= QUIET_MS) this.#silent('quiet');
      });
    }, LISTEN_MS);
  }

  #set(change: Partial<ConversationState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
