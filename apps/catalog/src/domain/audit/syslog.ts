/** Facility 10 (security) and severity 5 (notice), as IHE ITI TF-2 section 3.20.4.1.2 asks: 10 * 8 + 5. */
const PRIORITY = 85;
/** PS3.15 section A.6. */
const MESSAGE_ID = 'DICOM+RFC3881';
const BOM = '\u{FEFF}';

export interface SyslogSender {
  /** HOSTNAME of RFC 5424 section 6.2.4. */
  host: string;
  processId: number;
}

/** One audit message as a syslog message (RFC 5424), in its frame of the TLS transport (RFC 5425 section 4.3). */
export function syslogFrame(xml: string, at: Date, { host, processId }: SyslogSender): Buffer {
  const header = `<${PRIORITY}>1 ${at.toISOString()} ${name(host, 255)} smartbox-catalog ${processId} ${MESSAGE_ID} -`;
  const message = Buffer.from(`${header} ${BOM}<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  return Buffer.concat([Buffer.from(`${message.byteLength} `), message]);
}

/** PRINTUSASCII of RFC 5424 section 6; `-`: there is none. */
const name = (text: string, longest: number): string => text.replace(/[^!-~]/g, '').slice(0, longest) || '-';
