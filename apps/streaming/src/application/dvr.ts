import { SmartBoxError } from '@smartbox/kernel';
import { dvrPlaylist, listed, trailMs } from '../domain/dvr-playlist.ts';
import type { Past, RingPiece } from './ports.ts';
import { sourceKey } from './ports.ts';

/** Segments read at once: a few megabytes each, so this bounds the memory, and capture keeps its broker. */
const READERS = 6;
/** Waiting requests beyond this are told to come back. */
const QUEUE = 60;
const HEADERS_KEPT = 64;

const refuse = (code: string, message: string) => new SmartBoxError({ code, message, fault: 'input' });

/** Looking back into the running procedure, straight from the ring. Nothing is copied, nothing is kept. */
export class Dvr {
  readonly #past: Past;
  readonly #headers = new Map<string, { procedure: string; bytes: Uint8Array }>();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(past: Past) {
    this.#past = past;
  }

  /**
   * The media playlist of what the ring holds of the procedure that runs now.
   * @throws SmartBoxError `no-procedure`, `nothing-recorded`.
   */
  async playlist(stationId: string, sourceId: string, query: string): Promise<string> {
    const procedure = await this.#procedure(stationId);
    const past = await this.#past.look(stationId, sourceId);
    const oldest = past ? past.brokerNowMs - past.windowMs + trailMs(past.windowMs) : 0;
    const items = past ? listed(past.index.items, procedure, oldest) : [];
    if (!past || items.length === 0) throw refuse('nothing-recorded', 'nothing of this procedure is in the ring yet');
    return dvrPlaylist(items, { targetSeconds: past.index.targetSeconds, query });
  }

  /** ftyp+moov of an epoch. @throws SmartBoxError `no-procedure`, `segment-expired`. */
  async header(stationId: string, sourceId: string, epoch: string): Promise<Uint8Array> {
    const procedure = await this.#procedure(stationId);
    const key = `${sourceKey(stationId, sourceId)}.${epoch}`;
    const known = this.#headers.get(key);
    if (known?.procedure === procedure) return known.bytes;
    const past = await this.#past.look(stationId, sourceId);
    const item = past?.index.headerOf(epoch, procedure);
    if (item?.streamSequence === undefined) throw refuse('segment-expired', 'the ring does not hold this any more');
    const piece = await this.#piece(stationId, sourceId, item.streamSequence, procedure);
    const bytes = piece.payload.slice(0, piece.initBytes);
    for (const oldest of this.#headers.keys()) {
      if (this.#headers.size < HEADERS_KEPT) break;
      this.#headers.delete(oldest);
    }
    this.#headers.set(key, { procedure, bytes });
    return bytes;
  }

  /** moof+mdat of one fragment. @throws SmartBoxError `no-procedure`, `segment-expired`, `unknown-segment`, `overloaded`. */
  async segment(stationId: string, sourceId: string, streamSequence: number): Promise<Uint8Array> {
    const procedure = await this.#procedure(stationId);
    const piece = await this.#piece(stationId, sourceId, streamSequence, procedure);
    return piece.payload.subarray(piece.initBytes);
  }

  async #procedure(stationId: string): Promise<string> {
    const procedure = await this.#past.procedure(stationId);
    if (procedure === undefined)
      throw refuse('no-procedure', 'no procedure runs here: there is nothing to look back at');
    return procedure;
  }

  async #piece(
    stationId: string,
    sourceId: string,
    streamSequence: number,
    procedure: string,
  ): Promise<Exclude<RingPiece, string>> {
    const piece = await this.#turn(() => this.#past.piece(stationId, sourceId, streamSequence));
    if (piece === 'unknown') throw refuse('unknown-segment', 'there is no such segment in this stream');
    // Whoever still has an address of an earlier patient's picture gets nothing for it.
    if (piece === 'expired' || piece.procedure !== procedure) {
      throw refuse('segment-expired', 'the ring does not hold this any more');
    }
    return piece;
  }

  async #turn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading < READERS) this.#reading += 1;
    else {
      if (this.#waiting.length >= QUEUE) {
        throw new SmartBoxError({
          code: 'overloaded',
          message: 'too many are looking back at once',
          fault: 'theirs',
          retryable: true,
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#reading -= 1;
    }
  }
}
