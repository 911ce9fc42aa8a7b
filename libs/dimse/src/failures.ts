import { SmartBoxError } from '@smartbox/kernel';

/** Everything that can go wrong between us and a DICOM peer, by stable code. The domain decides by these. */
export type DimseCode =
  /** No TCP connection. */
  | 'peer-unreachable'
  /** TCP, but no TLS: certificate refused, wrong name, no TLS there. */
  | 'peer-tls-failed'
  /** A-ASSOCIATE-RJ; details: result, source, reason (PS3.8 table 9-21). */
  | 'association-rejected'
  /** The association is there, but not for this SOP class in this transfer syntax; details: result (PS3.8 table 9-18). */
  | 'presentation-context-refused'
  /** A-ABORT from the peer; details: source, reason (PS3.8 table 9-26). */
  | 'association-aborted'
  /** The connection ended before the answer came. */
  | 'association-closed'
  /** No byte went either way for the configured time. */
  | 'association-idle'
  /** The peer sent what PS3.7 or PS3.8 do not allow. */
  | 'peer-protocol-error'
  /** A failure status to a query; details: status. */
  | 'query-failed'
  /** We were asked to stop. */
  | 'cancelled';

/** How far the exchange had come: before `transfer` nothing was promised and nothing was sent. */
export type DimsePhase = 'connect' | 'negotiation' | 'transfer';

/** A failure of the peer or of the way to it. `details.phase` is always there. */
export class DimseError extends SmartBoxError {
  override readonly code: DimseCode;
  readonly phase: DimsePhase;

  constructor(
    code: DimseCode,
    phase: DimsePhase,
    message: string,
    details: Record<string, unknown> = {},
    cause?: unknown,
  ) {
    super({
      code,
      message,
      fault: code === 'cancelled' ? 'ours' : 'theirs',
      retryable:
        code !== 'presentation-context-refused' && !(code === 'association-rejected' && details['result'] !== 2),
      details: { ...details, phase },
      cause,
    });
    this.code = code;
    this.phase = phase;
  }
}

const rejectSources: Record<number, string> = {
  1: 'service user',
  2: 'service provider (ACSE)',
  3: 'service provider (presentation)',
};

const rejectReasons: Record<number, Record<number, string>> = {
  1: {
    1: 'no reason given',
    2: 'application context name not supported',
    3: 'calling AE title not recognised',
    7: 'called AE title not recognised',
  },
  2: { 1: 'no reason given', 2: 'protocol version not supported' },
  3: { 1: 'temporary congestion', 2: 'local limit exceeded' },
};

/** A-ASSOCIATE-RJ in words, PS3.8 table 9-21. */
export function rejection(peer: string, result: number, source: number, reason: number): DimseError {
  const how = result === 2 ? 'for now' : 'permanently';
  const why = rejectReasons[source]?.[reason] ?? `reason ${reason}`;
  return new DimseError(
    'association-rejected',
    'negotiation',
    `${peer} rejected the association ${how}: ${why} (${rejectSources[source] ?? `source ${source}`})`,
    { result, source, reason },
  );
}

const abortReasons = [
  'no reason given',
  'unrecognised PDU',
  'unexpected PDU',
  'reserved',
  'unrecognised PDU parameter',
  'unexpected PDU parameter',
  'invalid PDU parameter value',
];

/** A-ABORT in words, PS3.8 table 9-26. */
export function abortion(peer: string, phase: DimsePhase, source: number, reason: number): DimseError {
  const why = source === 2 ? `: ${abortReasons[reason] ?? `reason ${reason}`}` : '';
  return new DimseError('association-aborted', phase, `${peer} aborted the association${why}`, { source, reason });
}

const contextResults: Record<number, string> = {
  1: 'user rejection',
  2: 'no reason given',
  3: 'SOP class not supported',
  4: 'transfer syntax not supported',
};

/** A refused presentation context in words, PS3.8 table 9-18. */
export function contextRefusal(
  peer: string,
  abstractSyntax: string,
  transferSyntax: string,
  result?: number,
): DimseError {
  const why = result === undefined ? 'it was not proposed' : (contextResults[result] ?? `result ${result}`);
  return new DimseError(
    'presentation-context-refused',
    'negotiation',
    `${peer} does not take SOP class ${abstractSyntax} in transfer syntax ${transferSyntax}: ${why}`,
    { abstractSyntax, transferSyntax, ...(result === undefined ? {} : { result }) },
  );
}
