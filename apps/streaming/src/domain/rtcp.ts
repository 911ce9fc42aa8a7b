export interface RtcpReport {
  /** Picture loss (RFC 4585 section 6.3.1) or full intra request (RFC 5104 section 4.3.1). */
  keyframeWanted: boolean;
  /** Worst fraction lost of the reports, 0-1 (RFC 3550 section 6.4.2). */
  lost: number | undefined;
  /** The viewer says goodbye (RFC 3550 section 6.6). */
  bye: boolean;
}

const RECEIVER_REPORT = 201;
const BYE = 203;
const PAYLOAD_FEEDBACK = 206;

/** Reads a compound RTCP packet as far as a sender cares; undefined where it is none. */
export function readRtcp(packet: Uint8Array): RtcpReport | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const report: RtcpReport = { keyframeWanted: false, lost: undefined, bye: false };
  let offset = 0;
  while (offset + 4 <= packet.byteLength) {
    const first = view.getUint8(offset);
    const type = view.getUint8(offset + 1);
    const length = (view.getUint16(offset + 2) + 1) * 4;
    if (first >> 6 !== 2 || type < 192 || type > 223 || offset + length > packet.byteLength)
      return offset === 0 ? undefined : report;
    const count = first & 0x1f;
    if (type === PAYLOAD_FEEDBACK && (count === 1 || count === 4)) report.keyframeWanted = true;
    if (type === BYE) report.bye = true;
    if (type === RECEIVER_REPORT) {
      for (let i = 0; i < count && 8 + i * 24 + 5 <= length; i++) {
        report.lost = Math.max(report.lost ?? 0, view.getUint8(offset + 8 + i * 24 + 4) / 256);
      }
    }
    offset += length;
  }
  return offset === 0 ? undefined : report;
}
