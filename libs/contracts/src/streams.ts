/** A JetStream stream as its publisher declares it. Durations in milliseconds, sizes in bytes. */
export interface StreamDefinition {
  name: string;
  subjects: readonly string[];
  retention: 'limits' | 'workqueue';
  discard: 'old' | 'new';
  maxAgeMs: number;
  maxBytes: number;
  /** Window of `Nats-Msg-Id`. */
  duplicateWindowMs: number;
}

const day = 24 * 3_600_000;
const GiB = 1024 ** 3;

export const EVENTS: StreamDefinition = {
  name: 'EVENTS',
  subjects: ['evt.>', 'again.evt.*'],
  retention: 'limits',
  discard: 'old',
  maxAgeMs: 30 * day,
  maxBytes: 4 * GiB,
  duplicateWindowMs: 3_600_000,
};

export const COMMANDS: StreamDefinition = {
  name: 'COMMANDS',
  subjects: ['cmd.>', 'again.cmd.*'],
  retention: 'workqueue',
  discard: 'new',
  maxAgeMs: 0,
  maxBytes: 1 * GiB,
  duplicateWindowMs: 3_600_000,
};

export const DEAD: StreamDefinition = {
  name: 'DEAD',
  subjects: ['dead.>'],
  retention: 'limits',
  discard: 'old',
  maxAgeMs: 90 * day,
  maxBytes: 1 * GiB,
  duplicateWindowMs: 3_600_000,
};

/** The ring of one station: the last `windowMs` of all its sources. Declared by the buffer. */
export function ringStream(station: string, windowMs: number, maxBytes: number): StreamDefinition {
  return {
    name: `RING_${station}`,
    subjects: [`ring.${station}.*`],
    retention: 'limits',
    discard: 'old',
    maxAgeMs: windowMs,
    maxBytes,
    duplicateWindowMs: windowMs,
  };
}

/** A message given up, on `dead.<service>`: nothing is lost, a person decides. Headers of the original are kept. */
export interface DeadLetterHeaders {
  'Smartbox-Dead-Stream': string;
  'Smartbox-Dead-Subject': string;
  'Smartbox-Dead-Sequence': string;
  'Smartbox-Dead-Consumer': string;
  'Smartbox-Dead-Deliveries': string;
  'Smartbox-Dead-Code': string;
  'Smartbox-Dead-Reason': string;
}

/**
 * A message given up is delivered once more on `again.evt.<durable>` or `again.cmd.<durable>`, in the stream that it
 * came from: the one consumer that gave it up reads that subject, and nobody else. It carries the letter's headers.
 */
export interface AgainHeaders extends DeadLetterHeaders {
  /** Sequence of the letter in DEAD, where it stays until this is settled. */
  'Smartbox-Again-Letter': string;
}
export const againSubject = (stream: string, durable: string) =>
  `again.${stream === COMMANDS.name ? 'cmd' : 'evt'}.${durable}`;
