/** One RTP packet (RFC 3550 section 5.1), without header extensions and padding. */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  payload: Uint8Array;
}

const HEADER = 12;

/** Undefined for RTCP (RFC 5761 section 4) and for anything that is cut off. */
export function readRtp(packet: Uint8Array): RtpPacket | undefined {
  if (packet.byteLength < HEADER) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const first = view.getUint8(0);
  const second = view.getUint8(1);
  if (first >> 6 !== 2 || (second >= 192 && second <= 223)) return undefined;
  let at = HEADER + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (at + 4 > packet.byteLength) return undefined;
    at += 4 + view.getUint16(at + 2) * 4;
  }
  const padding = (first & 0x20) === 0 ? 0 : view.getUint8(packet.byteLength - 1);
  const end = packet.byteLength - padding;
  if (at >= end) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    payload: packet.subarray(at, end),
  };
}

export function writeRtp(packet: RtpPacket, ssrc: number): Buffer {
  const out = Buffer.alloc(HEADER + packet.payload.byteLength);
  out.writeUInt8(0x80, 0);
  out.writeUInt8((packet.marker ? 0x80 : 0) | packet.payloadType, 1);
  out.writeUInt16BE(packet.sequence & 0xffff, 2);
  out.writeUInt32BE(packet.timestamp >>> 0, 4);
  out.writeUInt32BE(ssrc, 8);
  out.set(packet.payload, HEADER);
  return out;
}
