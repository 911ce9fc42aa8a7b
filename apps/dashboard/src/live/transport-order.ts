/** Ways of the live picture, best first. When both fail, the past (HLS, a few seconds behind) is what is left. */
export type Transport = 'whep' | 'socket';

/** Why a session ended: the way itself, what the browser can decode, no room, or a refusal that holds on every way. */
export type EndCause = 'connection' | 'codec' | 'overloaded' | 'refused';

/** Why the picture does not come by the best way. */
export type DetourReason = 'udp' | 'codec' | 'overloaded';

const reasons: Record<Exclude<EndCause, 'refused'>, DetourReason> = {
  connection: 'udp',
  codec: 'codec',
  overloaded: 'overloaded',
};
/** What one tile has found out is believed by the others for this long. */
const MEMORY_MS = 60_000;
const HEAL_MS = [10_000, 20_000, 40_000, 60_000] as const;

/** What the page knows about its network. */
export interface NetworkMemory {
  blocked?: { reason: DetourReason; atMs: number } | undefined;
}

/** Which way to try next: WHEP, then the WebSocket, then both again; and when to look whether WHEP works again. */
export class TransportOrder {
  readonly #memory: NetworkMemory;
  #transport: Transport;
  #reason: DetourReason | undefined;
  #exhausted = false;
  #looks = 0;

  constructor(memory: NetworkMemory, nowMs: number) {
    this.#memory = memory;
    const blocked = memory.blocked && nowMs - memory.blocked.atMs < MEMORY_MS ? memory.blocked : undefined;
    this.#transport = blocked ? 'socket' : 'whep';
    this.#reason = blocked?.reason;
  }

  get transport(): Transport {
    return this.#transport;
  }

  get reason(): DetourReason | undefined {
    return this.#reason;
  }

  /** Neither way has brought a picture since the last one. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** A picture came. */
  plays(): void {
    this.#exhausted = false;
    if (this.#transport === 'socket') return;
    this.#reason = undefined;
    this.#memory.blocked = undefined;
    this.#looks = 0;
  }

  /** True where another way is to be tried, at once. A way that has worked is given a second chance. */
  ended(cause: EndCause, hadPicture: boolean, nowMs: number): boolean {
    if (cause === 'refused' || hadPicture) return false;
    if (this.#transport === 'whep') {
      this.#transport = 'socket';
      this.#reason = reasons[cause];
      this.#memory.blocked = { reason: this.#reason, atMs: nowMs };
      return true;
    }
    this.#transport = 'whep';
    this.#exhausted = true;
    return false;
  }

  /** Wait before WHEP is looked at again beside the running picture. */
  get healMs(): number {
    return HEAL_MS[Math.min(this.#looks, HEAL_MS.length - 1)] ?? 60_000;
  }

  looked(): void {
    this.#looks += 1;
  }

  /** WHEP connects again. */
  healed(): void {
    this.#transport = 'whep';
  }
}
