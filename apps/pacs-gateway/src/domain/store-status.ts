/** What a C-STORE status means for the delivery. */
export type StoreVerdict =
  | { kind: 'stored'; warning?: string }
  /** The peer may take it later. */
  | { kind: 'retry'; code: string; reason: string }
  /** Sending the same object again cannot help. */
  | { kind: 'dead'; code: string; reason: string };

const warnings: Record<number, string> = {
  0xb000: 'the archive changed data elements (coercion, B000)',
  0xb006: 'the archive left data elements out (B006)',
  0xb007: 'the data set does not match the SOP class (B007)',
};

/** General statuses, PS3.7 annex C; none of them gets better by itself. */
const general: Record<number, string> = {
  0x0106: 'invalid attribute value',
  0x0115: 'invalid argument value',
  0x0117: 'invalid SOP instance',
  0x0122: 'SOP class not supported',
  0x0124: 'not authorised',
  0x0210: 'duplicate invocation',
  0x0211: 'unrecognised operation',
  0x0212: 'mistyped argument',
};

const hex = (status: number) => status.toString(16).toUpperCase().padStart(4, '0');

/**
 * The rules of PS3.4 section B.2.3 (table B.2-1) and PS3.7 section 9.1.1.1.9. The peer's error comment is left out on
 * purpose: it may quote patient data.
 */
export function judgeStatus(status: number): StoreVerdict {
  if (status === 0x0000) return { kind: 'stored' };
  const warning = warnings[status];
  if (warning !== undefined) return { kind: 'stored', warning };
  // PS3.7 C.5.6: it is there already, from an attempt whose answer was lost.
  if (status === 0x0111) return { kind: 'stored', warning: 'the archive had this instance already (0111)' };
  const code = `store-status-${hex(status).toLowerCase()}`;
  const says = `the archive answered ${hex(status)}`;
  if ((status & 0xff00) === 0xa700) return { kind: 'retry', code, reason: `${says}: out of resources` };
  if (status === 0x0110) return { kind: 'retry', code, reason: `${says}: processing failure` };
  if ((status & 0xff00) === 0xa900) {
    return { kind: 'dead', code, reason: `${says}: the data set does not match the SOP class` };
  }
  if ((status & 0xf000) === 0xc000) return { kind: 'dead', code, reason: `${says}: it cannot understand the object` };
  // Pending and cancel are no answers to a C-STORE: the peer is confused, not the object wrong.
  if (status === 0xff00 || status === 0xff01 || status === 0xfe00) {
    return { kind: 'retry', code, reason: `${says}, which is no answer to a C-STORE` };
  }
  const known = general[status];
  return { kind: 'dead', code, reason: known === undefined ? says : `${says}: ${known}` };
}
