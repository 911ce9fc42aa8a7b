/** What the receiver of one source says of itself (W3C webrtc-stats). */
export interface ReceiverFigures {
  codec: string | undefined;
  packetsReceived: number | undefined;
  /** Never came, as far as the receiver knows: what was sent again and came is not lost (RFC 3550 section 6.4.1). */
  packetsLost: number | undefined;
  /** Time a frame waits in the receiver, and the round trip of the connection. */
  jitterBufferMs: number | undefined;
  roundTripMs: number | undefined;
}

export function readReceiver(report: RTCStatsReport | undefined): ReceiverFigures {
  const entries: Record<string, unknown>[] = [];
  report?.forEach((entry: Record<string, unknown>) => entries.push(entry));
  const inbound = entries.find(({ type }) => type === 'inbound-rtp');
  const pair = entries.find(({ type, nominated }) => type === 'candidate-pair' && nominated === true);
  const codec = entries.find(({ type, id }) => type === 'codec' && id === inbound?.['codecId']);
  const waited = numberOf(inbound?.['jitterBufferDelay']);
  const emitted = numberOf(inbound?.['jitterBufferEmittedCount']) ?? 0;
  const roundTrip = numberOf(pair?.['currentRoundTripTime']);
  return {
    codec: typeof codec?.['mimeType'] === 'string' ? codecName(codec['mimeType']) : undefined,
    packetsReceived: numberOf(inbound?.['packetsReceived']),
    packetsLost: numberOf(inbound?.['packetsLost']),
    jitterBufferMs: waited === undefined || emitted === 0 ? undefined : Math.round((waited / emitted) * 1000),
    roundTripMs: roundTrip === undefined ? undefined : Math.round(roundTrip * 1000),
  };
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** `video/H264` and `avc1.64001f` are the same to whoever reads it. */
export function codecName(named: string): string {
  const bare = named.replace(/^video\//i, '');
  if (/^(h264|avc[13])/i.test(bare)) return 'H.264';
  if (/^(h265|hev1|hvc1)/i.test(bare)) return 'H.265';
  if (/^av(1|01)/i.test(bare)) return 'AV1';
  return bare;
}

/** As many pictures as are judged at once: four seconds at 30 a second. */
const KEPT = 120;

/** How long the latest pictures took; ms. */
export class FrameDelays {
  #latest: number[] = [];

  clear(): void {
    this.#latest = [];
  }

  note(ms: number): void {
    this.#latest.push(ms);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }

  /** The half and the 95th of 100; undefined before the first. */
  get told(): { half: number; most: number } | undefined {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    const [half, most] = [at(0.5), at(0.95)];
    return half === undefined || most === undefined ? undefined : { half: Math.round(half), most: Math.round(most) };
  }
}
