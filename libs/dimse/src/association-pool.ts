import { Association, type AssociationOptions } from './association.ts';
import { DimseError } from './failures.ts';

/** One kind of object: a SOP class in a transfer syntax. */
export interface ObjectKind {
  sopClassUid: string;
  transferSyntaxUid: string;
}

/** How long an association waits for the next object before it is released. */
const LINGER_MS = 2000;
/** Kinds proposed together, far below the 128 contexts of PS3.8 section 7.1.1.13. */
const MAX_KINDS = 24;

const keyOf = (kind: ObjectKind) => `${kind.sopClassUid} ${kind.transferSyntaxUid}`;

/** Associations to one destination: one carries several objects, one after another. */
export class AssociationPool {
  readonly #options: Omit<AssociationOptions, 'contexts' | 'signal'>;
  readonly #onOpened: (association: Association) => void;
  readonly #idle = new Map<Association, NodeJS.Timeout>();
  readonly #kinds = new Map<string, ObjectKind>();
  #closed = false;

  /** `onOpened`: sees each new association, whatever was accepted. */
  constructor(
    options: Omit<AssociationOptions, 'contexts' | 'signal'>,
    onOpened: (association: Association) => void = () => undefined,
  ) {
    this.#options = options;
    this.#onOpened = onOpened;
  }

  /**
   * Runs `work` on an association that carries this kind of object; on a second one when the first had lain idle and
   * turns out to be dead, which says nothing about the object. @throws DimseError.
   */
  async use<T>(kind: ObjectKind, signal: AbortSignal, work: (association: Association) => Promise<T>): Promise<T> {
    this.#remember(kind);
    const idle = this.#takeIdle(kind);
    if (idle) {
      try {
        return await this.#run(idle, signal, work);
      } catch (error) {
        const ended = error instanceof DimseError && /^association-(closed|aborted)$/.test(error.code);
        if (!ended || signal.aborted) throw error;
      }
    }
    // The new one proposes every kind so far, so it does for the idle ones, too. A peer that serves one association at a
    // time (DCMTK's storescp) would else leave it waiting until they had lingered.
    await this.#releaseIdle();
    return this.#run(await this.#open(kind, signal), signal, work);
  }

  async #run<T>(association: Association, signal: AbortSignal, work: (a: Association) => Promise<T>): Promise<T> {
    try {
      const result = await association.during(signal, () => work(association));
      this.#rest(association);
      return result;
    } catch (error) {
      association.abort();
      throw error;
    }
  }

  /** Releases what is idle; what is in use is released when it is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#releaseIdle();
  }

  async #releaseIdle(): Promise<void> {
    await Promise.all([...this.#idle.keys()].map((association) => this.#release(association)));
  }

  #remember(kind: ObjectKind): void {
    this.#kinds.delete(keyOf(kind));
    this.#kinds.set(keyOf(kind), kind); // the latest last
    const oldest = this.#kinds.keys().next().value;
    if (this.#kinds.size > MAX_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
  }

  #takeIdle(kind: ObjectKind): Association | undefined {
    for (const [association, timer] of this.#idle) {
      if (!association.established || !accepts(association, kind)) continue;
      clearTimeout(timer);
      this.#idle.delete(association);
      return association;
    }
    return undefined;
  }

  async #open(kind: ObjectKind, signal: AbortSignal): Promise<Association> {
    const contexts = [...this.#kinds.values()].map(({ sopClassUid, transferSyntaxUid }) => ({
      abstractSyntax: sopClassUid,
      transferSyntaxes: [transferSyntaxUid],
    }));
    const association = await Association.open({ ...this.#options, contexts, signal });
    try {
      this.#onOpened(association);
      association.context(kind.sopClassUid, kind.transferSyntaxUid);
      return association;
    } catch (refused) {
      await association.release();
      throw refused;
    }
  }

  #rest(association: Association): void {
    if (!association.established) return;
    association.rest();
    if (this.#closed) void association.release();
    else {
      const timer = setTimeout(() => void this.#release(association), LINGER_MS);
      this.#idle.set(association, timer);
      void association.ended.then(() => {
        clearTimeout(timer);
        this.#idle.delete(association);
      });
    }
  }

  async #release(association: Association): Promise<void> {
    clearTimeout(this.#idle.get(association));
    this.#idle.delete(association);
    await association.release();
  }
}

function accepts(association: Association, kind: ObjectKind): boolean {
  try {
    association.context(kind.sopClassUid, kind.transferSyntaxUid);
    return true;
  } catch {
    return false;
  }
}
