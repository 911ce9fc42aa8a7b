import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { IceCredentials } from '../../domain/offer.ts';
import { bindingRequest, bindingSuccess, isAuthentic, readStun, type TransportAddress } from '../../domain/stun.ts';

/** What goes out to viewers. */
export interface Outside {
  send(packet: Buffer, to: TransportAddress): void;
}

/** One address that the viewer has checked from, in this ICE session. */
interface Checked {
  at: TransportAddress;
  /** Of our own check, until it is answered: media goes only where somebody answers (RFC 8445 section 7.3.1.4). */
  asked: Buffer | undefined;
  answers: boolean;
  nominated: boolean;
}

/** Above every candidate of the stack (at most 2^31 - 1, RFC 8445 section 5.1.2): this path is taken over any other. */
const PRIORITY = 0x7fffffff;
const ASK_AGAIN_MS = 100;
const ASK_TIMES = 50;
/** A viewer asks from a few addresses; more are noise. */
const MAX_CHECKED = 16;
/** RFC 7675 section 5.1: consent ends after so long without a check of the viewer. */
const CONSENT_MS = 30_000;

/**
 * The way of one session after an ICE restart. The WebRTC stack knows one ICE session for life, so it stays with the
 * first one: towards it this is the viewer at a new address, towards the viewer it is the server of the new ICE
 * session. What is neither's ICE (DTLS, SRTP) passes as it is, so the encryption and the picture go on.
 */
export class RestartedPath {
  readonly #inside: Socket;
  readonly #outside: Outside;
  readonly #stack: TransportAddress;
  readonly #first: { server: IceCredentials; viewer: IceCredentials };
  readonly #tieBreaker = randomBytes(8);
  #server: IceCredentials = newCredentials();
  #viewer: IceCredentials;
  #checked = new Map<string, Checked>();
  #selected: TransportAddress | undefined;
  #consentAt = 0;
  /** The stack has taken this path. */
  #taken = false;
  #asking: NodeJS.Timeout | undefined;

  /** @param stack where the WebRTC stack listens; `first`: what both have told each other in offer and answer. */
  constructor(
    outside: Outside,
    stack: TransportAddress,
    first: { server: IceCredentials; viewer: IceCredentials },
    viewer: IceCredentials,
  ) {
    this.#outside = outside;
    this.#stack = stack;
    this.#first = first;
    this.#viewer = viewer;
    this.#inside = createSocket(stack.address.includes(':') ? 'udp6' : 'udp4');
    this.#inside.on('error', () => undefined);
    this.#inside.on('message', (packet, from) => {
      if (keyOf(from) === keyOf(stack)) this.#fromStack(packet);
    });
  }

  /** By which the viewer names this ICE session, and which nobody else knows. */
  get server(): IceCredentials {
    return this.#server;
  }

  /** Yet another ICE session; the one before ends. */
  restart(viewer: IceCredentials): void {
    this.#viewer = viewer;
    this.#server = newCredentials();
    this.#checked = new Map();
  }

  close(): void {
    clearTimeout(this.#asking);
    this.#inside.close();
  }

  /** A packet of the viewer. True where it is from an address that belongs to this session. */
  fromViewer(packet: Buffer, from: TransportAddress): boolean {
    const message = readStun(packet);
    if (!message) {
      const known = this.#checked.get(keyOf(from))?.answers === true;
      if (known) this.#inside.send(packet, this.#stack.port, this.#stack.address);
      return known;
    }
    if (message.kind === 'request') {
      if (message.username !== `${this.#server.ufrag}:${this.#viewer.ufrag}`) return false;
      if (!isAuthentic(packet, message, this.#server.pwd)) return false;
      const checked = this.#note(from);
      if (!checked) return false;
      this.#consentAt = performance.now();
      this.#outside.send(bindingSuccess(message.transaction, from, this.#server.pwd), from);
      if (message.useCandidate) checked.nominated = true;
      this.#check(checked);
      return true;
    }
    const checked = this.#checked.get(keyOf(from));
    if (message.kind !== 'success' || !checked?.asked?.equals(message.transaction)) return false;
    if (!isAuthentic(packet, message, this.#viewer.pwd)) return false;
    checked.answers = true;
    checked.asked = undefined;
    this.#select(checked);
    return true;
  }

  #note(from: TransportAddress): Checked | undefined {
    const known = this.#checked.get(keyOf(from));
    if (known) return known;
    if (this.#checked.size >= MAX_CHECKED) return undefined;
    const checked: Checked = { at: from, asked: undefined, answers: false, nominated: false };
    this.#checked.set(keyOf(from), checked);
    return checked;
  }

  /** The triggered check (RFC 8445 section 7.3.1.4). */
  #check(checked: Checked): void {
    if (checked.answers) return this.#select(checked);
    checked.asked ??= randomBytes(12);
    this.#outside.send(
      bindingRequest({
        transaction: checked.asked,
        username: `${this.#viewer.ufrag}:${this.#server.ufrag}`,
        password: this.#viewer.pwd,
        priority: PRIORITY,
        role: 'controlled',
        tieBreaker: this.#tieBreaker,
      }),
      checked.at,
    );
  }

  #select({ at, nominated, answers }: Checked): void {
    if (!nominated || !answers) return;
    this.#selected = at;
    if (!this.#taken) this.#askStack(ASK_TIMES);
  }

  /** Nominates this path at the stack, as the viewer would from a new address. */
  #askStack(times: number): void {
    clearTimeout(this.#asking);
    if (this.#taken || times === 0) return;
    const { server, viewer } = this.#first;
    const check = bindingRequest({
      transaction: randomBytes(12),
      username: `${server.ufrag}:${viewer.ufrag}`,
      password: server.pwd,
      priority: PRIORITY,
      role: 'controlling',
      tieBreaker: this.#tieBreaker,
    });
    this.#inside.send(check, this.#stack.port, this.#stack.address);
    this.#asking = setTimeout(() => this.#askStack(times - 1), ASK_AGAIN_MS);
  }

  #fromStack(packet: Buffer): void {
    const message = readStun(packet);
    if (!message) {
      this.#taken = true;
      if (this.#selected && performance.now() - this.#consentAt < CONSENT_MS) {
        this.#outside.send(packet, this.#selected);
      }
      return;
    }
    // Its own check of this path, and later its asking for consent (RFC 7675): we are the viewer it knows.
    if (message.kind === 'request') {
      const { viewer } = this.#first;
      const answer = bindingSuccess(message.transaction, this.#stack, viewer.pwd);
      this.#inside.send(answer, this.#stack.port, this.#stack.address);
    }
  }
}

export const keyOf = ({ address, port }: TransportAddress): string => `${address} ${port}`;

/** RFC 8445 section 5.3: at least 24 and 128 bits of randomness. */
function newCredentials(): IceCredentials {
  const text = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '');
  return { ufrag: text(6), pwd: text(24) };
}
