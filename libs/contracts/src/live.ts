/** One H.264 access unit on `live.<station>.<source>`: a fixed header, then Annex B bytes. */
export interface LiveAccessUnit {
  keyframe: boolean;
  /** From 0 per process of the source; a hole means a dropped unit. Wraps at 2^32. */
  sequence: number;
  /** Wall clock at capture, microseconds since 1970: for the glass-to-glass figure only. */
  capturedAtUs: bigint;
  /** Ticks of TIMESCALE (90 000). */
  pts: bigint;
  annexB: Uint8Array;
}

const VERSION = 1;
export const LIVE_HEADER_BYTES = 24;

export function encodeLiveAccessUnit(unit: LiveAccessUnit): Uint8Array {
  const out = new Uint8Array(LIVE_HEADER_BYTES + unit.annexB.byteLength);
  const view = new DataView(out.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, unit.keyframe ? 1 : 0);
  view.setUint32(4, unit.sequence >>> 0);
  view.setBigUint64(8, unit.capturedAtUs);
  view.setBigUint64(16, unit.pts);
  out.set(unit.annexB, LIVE_HEADER_BYTES);
  return out;
}

/** The returned `annexB` is a view of `bytes`. @throws RangeError on a short or unknown message. */
export function decodeLiveAccessUnit(bytes: Uint8Array): LiveAccessUnit {
  if (bytes.byteLength <= LIVE_HEADER_BYTES) {
    throw new RangeError(`live message of ${bytes.byteLength} bytes: more than ${LIVE_HEADER_BYTES} are needed`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION) {
    throw new RangeError(`live message version ${view.getUint8(0)}: this build reads version ${VERSION}`);
  }
  return {
    keyframe: (view.getUint8(1) & 1) === 1,
    sequence: view.getUint32(4),
    capturedAtUs: view.getBigUint64(8),
    pts: view.getBigUint64(16),
    annexB: bytes.subarray(LIVE_HEADER_BYTES),
  };
}
