import { SmartBoxError, transientError } from '@smartbox/kernel';
import { childModule, forkWorker, type Worker } from '@smartbox/media';
import { createLogger } from '@smartbox/telemetry';
import type { VoiceHost, VoiceListener } from '../application/conversation-ports.ts';
import type { FromVoices, ToVoices, VoiceSettings } from '../worker/conversation/protocol.ts';

const ANSWER_MS = 8_000;

interface Running {
  worker: Worker<ToVoices, FromVoices>;
  ready: PromiseWithResolvers<void>;
}

interface Waiting {
  resolve: (sdp: string) => void;
  reject: (error: Error) => void;
}

/** The worker of the conversations: started with the first person, anew after it has died. */
export class VoiceProcess implements VoiceHost {
  readonly #settings: VoiceSettings;
  readonly #log = createLogger('streaming');
  readonly #listeners = new Set<VoiceListener>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #people = new Set<string>();
  #running: Running | undefined;
  #closed = false;

  constructor(settings: VoiceSettings) {
    this.#settings = settings;
  }

  on(listener: VoiceListener): void {
    this.#listeners.add(listener);
  }

  async join(person: string, room: string, offer: string, maySpeak: boolean): Promise<string> {
    if (this.#closed) throw transientError('overloaded', 'this service ends');
    const { worker, ready } = (this.#running ??= this.#start());
    await ready.promise;
    this.#people.add(person);
    return new Promise<string>((resolve, reject) => {
      const settle = () => {
        clearTimeout(late);
        this.#waiting.delete(person);
      };
      const late = setTimeout(() => this.#fail(person, `no answer within ${ANSWER_MS} ms`), ANSWER_MS);
      this.#waiting.set(person, {
        resolve: (sdp) => (settle(), resolve(sdp)),
        reject: (error) => (settle(), reject(error)),
      });
      worker.send({ t: 'join', person, room, offer, maySpeak });
    });
  }

  say(person: string, text: string): void {
    this.#running?.worker.send({ t: 'say', person, text });
  }

  voice(room: string, from: string, rtp: Uint8Array): void {
    this.#running?.worker.send({ t: 'voice', room, from, rtp });
  }

  silent(room: string, from: string): void {
    this.#running?.worker.send({ t: 'silent', room, from });
  }

  leave(person: string): void {
    this.#running?.worker.send({ t: 'leave', person });
  }

  /** Process id, where it runs. */
  get pid(): number | undefined {
    return this.#running?.worker.pid;
  }

  close(): void {
    this.#closed = true;
    this.#running?.worker.kill('SIGTERM');
  }

  #start(): Running {
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => undefined);
    const worker = forkWorker<ToVoices, FromVoices>(childModule(import.meta.url, '../worker/conversation/main'), {
      args: [JSON.stringify(this.#settings)],
      onLine: (line) => this.#log.warn({}, line),
    });
    worker.onMessage((message) => {
      if (message.t === 'ready') ready.resolve();
      else this.#handle(message);
    });
    void worker.exited.then(({ code, signal, stderr }) => {
      const how = `the worker of the conversations ended (${signal ?? code}) ${stderr.slice(-300)}`;
      if (!this.#closed) this.#log.error({ people: this.#people.size }, how);
      this.#running = undefined;
      ready.reject(transientError('overloaded', how));
      for (const person of [...this.#people]) this.#gone(person, how);
    });
    return { worker, ready };
  }

  #handle(message: Exclude<FromVoices, { t: 'ready' }>): void {
    switch (message.t) {
      case 'done':
        this.#waiting.get(message.person)?.resolve(message.sdp);
        return;
      case 'refused': {
        const { code, message: text } = message;
        this.#waiting.get(message.person)?.reject(new SmartBoxError({ code, message: text, fault: 'input' }));
        return;
      }
      case 'open':
        for (const listener of this.#listeners) listener.open(message.person);
        return;
      case 'said':
        for (const listener of this.#listeners) listener.said(message.person, message.text);
        return;
      case 'voice':
        for (const listener of this.#listeners) listener.voice(message.person, message.rtp);
        return;
      case 'gone':
        this.#gone(message.person, message.reason);
        return;
    }
  }

  #gone(person: string, reason: string): void {
    this.#fail(person, reason);
    if (!this.#people.delete(person)) return;
    for (const listener of this.#listeners) listener.gone(person, reason);
  }

  #fail(person: string, reason: string): void {
    this.#waiting.get(person)?.reject(transientError('overloaded', reason));
  }
}
