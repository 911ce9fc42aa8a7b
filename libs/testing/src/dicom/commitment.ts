import { connect } from 'node:net';
import { CommandField, eventReport, readCommand, type Command, type NormalizedAnswer } from './command.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian, readDataSet, writeDataSet, type DataSet } from './dataset.ts';
import { readPdus } from './pdu-reader.ts';
import { associateRequest, PduType, readData, writeData } from './pdu.ts';

/** Storage Commitment Push Model and its well-known instance, PS3.4 annex J. */
export const COMMITMENT = '1.2.840.10008.1.20.1';
const WELL_KNOWN = '1.2.840.10008.1.20.1.1';

/** One N-ACTION that a test PACS was sent. */
export interface CommitmentAsked {
  transactionUid: string;
  instances: { sopClassUid: string; sopInstanceUid: string }[];
}

/** What to report: with failures it is event type 2. */
export interface ScriptedReport {
  transactionUid: string;
  committed?: CommitmentAsked['instances'];
  failed?: (CommitmentAsked['instances'][number] & { reason: number })[];
}

/** Where and as whom to report on an association of one's own. */
export interface ReportTo {
  port: number;
  calledAe: string;
  callingAe: string;
}

const value = (set: DataSet | undefined, tag: string): string => {
  const found = set?.get(tag);
  return typeof found === 'string' ? found : '';
};

/** @throws ProtocolError */
function readRequest(bytes: Buffer, transferSyntax: string): CommitmentAsked {
  const set = readDataSet(bytes, transferSyntax);
  const items = set.get('00081199');
  const instances = (typeof items === 'object' ? items : []).map((one) => ({
    sopClassUid: value(one, '00081150'),
    sopInstanceUid: value(one, '00081155'),
  }));
  return { transactionUid: value(set, '00081195'), instances };
}

function reportDataSet(
  { transactionUid, committed = [], failed = [] }: ScriptedReport,
  transferSyntax: string,
): Buffer {
  const item = (one: CommitmentAsked['instances'][number]): DataSet =>
    new Map([
      ['00081150', one.sopClassUid],
      ['00081155', one.sopInstanceUid],
    ]);
  const set: DataSet = new Map<string, string | DataSet[]>([['00081195', transactionUid]]);
  if (committed.length > 0) set.set('00081199', committed.map(item));
  if (failed.length > 0) {
    const items = failed.map((one): DataSet => new Map([...item(one), ['00081197', String(one.reason)]]));
    set.set('00081198', items);
  }
  return writeDataSet(set, transferSyntax);
}

const eventType = ({ failed = [] }: ScriptedReport) => (failed.length > 0 ? 2 : 1);

/** How a test PACS treats commitment requests. */
export interface CommitmentManners {
  /** Status of the N-ACTION response; nothing is remembered when it is a failure. */
  status?: number;
  /** Report on the same association at once. */
  reportAtOnce?: (asked: CommitmentAsked) => ScriptedReport;
}

export function takeCommitment(
  asked: CommitmentAsked[],
  manners: CommitmentManners,
  command: Command,
  dataSet: Buffer,
  transferSyntax: string,
): NormalizedAnswer {
  if (command.field !== CommandField.actionRequest || command.sopInstanceUid !== WELL_KNOWN) return { status: 0x0112 };
  const request = readRequest(dataSet, transferSyntax);
  asked.push(request);
  const status = manners.status ?? 0x0000;
  const report = status === 0 ? manners.reportAtOnce?.(request) : undefined;
  if (!report) return { status };
  const body = reportDataSet(report, transferSyntax);
  return { status, report: { command: eventReport(COMMITMENT, WELL_KNOWN, eventType(report)), dataSet: body } };
}

/**
 * Reports on an association of its own, with the role of the provider. Resolves with the status of the answer, or with
 * what happened instead.
 */
export async function sendCommitmentReport(
  to: ReportTo,
  report: ScriptedReport,
): Promise<number | 'rejected' | 'aborted' | 'closed'> {
  const socket = connect({ port: to.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const contexts = [
    { id: 1, abstractSyntax: COMMITMENT, transferSyntaxes: [ImplicitLittleEndian, ExplicitLittleEndian] },
  ];
  socket.write(
    associateRequest({
      calledAe: to.calledAe,
      callingAe: to.callingAe,
      maxLength: 16_384,
      contexts,
      providerOf: [COMMITMENT],
    }),
  );
  try {
    for await (const pdu of readPdus(socket, 65_536)) {
      if (pdu.type === PduType.associateRj) return 'rejected';
      if (pdu.type === PduType.abort) return 'aborted';
      if (pdu.type === PduType.associateAc) {
        const syntax = acceptedSyntax(pdu.body);
        const command = eventReport(COMMITMENT, WELL_KNOWN, eventType(report));
        for (const bytes of writeData(1, true, command, 16_384)) socket.write(bytes);
        for (const bytes of writeData(1, false, reportDataSet(report, syntax), 16_384)) socket.write(bytes);
      } else if (pdu.type === PduType.data) {
        const [fragment] = [...readData(pdu.body)];
        return readCommand(fragment?.bytes ?? Buffer.alloc(0)).status ?? -1;
      }
    }
    return 'closed';
  } finally {
    socket.destroy();
  }
}

/** Which of the two an A-ASSOCIATE-AC took, by its transfer syntax item (40H). */
function acceptedSyntax(body: Buffer): string {
  const length = ExplicitLittleEndian.length;
  const item = Buffer.concat([Buffer.from([0x40, 0, 0, length]), Buffer.from(ExplicitLittleEndian)]);
  return body.includes(item) ? ExplicitLittleEndian : ImplicitLittleEndian;
}
