import { CommandField, type Command, type NormalizedAnswer } from './command.ts';
import { readDataSet, type DataSet } from './dataset.ts';

/** Modality Performed Procedure Step, PS3.4 annex F. */
export const PROCEDURE_STEP = '1.2.840.10008.3.1.2.3.3';

/** One N-CREATE or N-SET that a test peer was sent, and what it answered. */
export interface StepMessage {
  kind: 'create' | 'set';
  sopInstanceUid: string;
  dataSet: DataSet;
  /** As it came, in `transferSyntax`. */
  bytes: Buffer;
  transferSyntax: string;
  status: number;
  /** What was wrong with it. */
  complaints: string[];
}

type Rule = readonly [tag: string, type: 1 | 2];

/** PS3.4 table F.7.2-1, column N-CREATE SCU. */
const created: readonly Rule[] = [
  ['00400270', 1], ['00100010', 2], ['00100020', 2], ['00100030', 2], ['00100040', 2], ['00081120', 2],
  ['00400253', 1], ['00400241', 1], ['00400242', 2], ['00400243', 2], ['00400244', 1], ['00400245', 1],
  ['00400252', 1], ['00400254', 2], ['00400255', 2], ['00081032', 2], ['00400250', 2], ['00400251', 2],
  ['00080060', 1], ['00200010', 2], ['00400260', 2], ['00400340', 2],
]; // prettier-ignore
const scheduled: readonly Rule[] = [
  ['0020000D', 1], ['00081110', 2], ['00080050', 2], ['00401001', 2], ['00321060', 2], ['00400009', 2],
  ['00400007', 2], ['00400008', 2],
]; // prettier-ignore
/** Its final state. */
const ended: readonly Rule[] = [
  ['00400252', 1],
  ['00400250', 1],
  ['00400251', 1],
  ['00400340', 1],
];
const series: readonly Rule[] = [
  ['00081050', 2], ['00181030', 1], ['00081070', 2], ['0020000E', 1], ['0008103E', 2], ['00080054', 2],
  ['00081140', 2], ['00400220', 2],
]; // prettier-ignore

function complaints(set: DataSet | undefined, rules: readonly Rule[], where: string): string[] {
  return rules.flatMap(([tag, type]) => {
    const value = set?.get(tag);
    if (value === undefined) return [`${where}: ${tag} is missing`];
    return type === 1 && value.length === 0 ? [`${where}: ${tag} is empty`] : [];
  });
}

const items = (set: DataSet, tag: string): DataSet[] => {
  const value = set.get(tag);
  return typeof value === 'object' ? value : [];
};

/** An information system that is strict about steps: every attribute of the standard, and the order of the states. */
export class ProcedureStepScp {
  readonly messages: StepMessage[] = [];
  /** Answer with these statuses first, one each. */
  statuses: number[] = [];
  readonly #states = new Map<string, string>();

  take(command: Command, bytes: Buffer, transferSyntax: string): NormalizedAnswer {
    const kind = command.field === CommandField.createRequest ? 'create' : 'set';
    const { sopInstanceUid } = command;
    const dataSet = readDataSet(bytes, transferSyntax);
    const found = kind === 'create' ? this.#checkCreate(dataSet) : this.#checkSet(dataSet);
    const scripted = this.statuses.shift();
    const answer = scripted === undefined ? this.#apply(kind, sopInstanceUid, dataSet, found) : { status: scripted };
    this.messages.push({
      kind,
      sopInstanceUid,
      dataSet,
      bytes,
      transferSyntax,
      complaints: found,
      status: answer.status,
    });
    return answer;
  }

  #apply(kind: 'create' | 'set', uid: string, dataSet: DataSet, found: readonly string[]): NormalizedAnswer {
    const state = this.#states.get(uid);
    if (found.length > 0) return { status: 0x0120 }; // missing attribute
    if (kind === 'create') {
      if (state !== undefined) return { status: 0x0111 };
    } else {
      if (state === undefined) return { status: 0x0112 };
      if (state !== 'IN PROGRESS') return { status: 0x0110, errorId: 0xa710 };
    }
    this.#states.set(uid, dataSet.get('00400252') as string);
    return { status: 0x0000 };
  }

  #checkCreate(set: DataSet): string[] {
    const inside = items(set, '00400270').flatMap((item) => complaints(item, scheduled, 'scheduled step'));
    const state = set.get('00400252') === 'IN PROGRESS' ? [] : ['the status is not IN PROGRESS'];
    return [...complaints(set, created, 'N-CREATE'), ...inside, ...state];
  }

  #checkSet(set: DataSet): string[] {
    const inside = items(set, '00400340').flatMap((item) => complaints(item, series, 'series'));
    const state = ['COMPLETED', 'DISCONTINUED'].includes(set.get('00400252') as string) ? [] : ['no final status'];
    return [...complaints(set, ended, 'N-SET'), ...inside, ...state];
  }
}
