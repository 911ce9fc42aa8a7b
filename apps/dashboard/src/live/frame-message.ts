/** What a live socket sends, see `apps/streaming/src/domain/frame-message.ts`. */
export interface FrameMessage {
  /** `header` is `ftyp`+`moov`, the others are `moof`+`mdat` of one picture. */
  kind: 'header' | 'picture' | 'keyframe';
  /** By the station's clock, ms since 1970. */
  capturedAtMs: number;
  data: Uint8Array<ArrayBuffer>;
}

export interface FrameFormat {
  codec: string;
  width: number;
  height: number;
}

const HEADER_BYTES = 16;
const kinds = ['header', 'picture', 'keyframe'] as const;

/** Undefined for anything else: a newer server may send more. */
export function readFrame(message: ArrayBuffer): FrameMessage | undefined {
  if (message.byteLength <= HEADER_BYTES) return undefined;
  const view = new DataView(message);
  const kind = kinds[view.getUint8(0)];
  return kind && { kind, capturedAtMs: view.getFloat64(8), data: new Uint8Array(message, HEADER_BYTES) };
}

export function readFormat(text: string): FrameFormat | undefined {
  const { t, codec, width, height } = JSON.parse(text) as Record<string, unknown>;
  if (t !== 'format' || typeof codec !== 'string' || typeof width !== 'number' || typeof height !== 'number') {
    return undefined;
  }
  return { codec, width, height };
}

/** The name by which this viewer takes its place again. */
export function readSession(text: string): string | undefined {
  const { t, id } = JSON.parse(text) as Record<string, unknown>;
  return t === 'session' && typeof id === 'string' ? id : undefined;
}

/**
 * How late pictures come, against the earliest one: the clocks of station and browser need not agree. The reference
 * creeps up by 1 ms in a second, so that a clock that drifts is no delay.
 */
export class Lateness {
  #least: number | undefined;
  #at = 0;

  /** ms that this picture is later than the earliest way there was. */
  note(capturedAtMs: number, nowMs: number): number {
    const way = nowMs - capturedAtMs;
    const crept = this.#least === undefined ? way : this.#least + (nowMs - this.#at) / 1000;
    this.#least = Math.min(crept, way);
    this.#at = nowMs;
    return way - this.#least;
  }
}
