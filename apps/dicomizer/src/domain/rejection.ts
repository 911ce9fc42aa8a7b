import type { InstanceCreated } from '@smartbox/contracts';
import { KEY_OBJECT_SELECTION, TransferSyntaxUid, type RejectionNote } from '@smartbox/dicom';
import { deterministicId, deterministicUid } from '@smartbox/kernel';

/** The instances of one clip's source, made for one version of a procedure, that lie at one destination. */
export interface Rejected {
  destination: string;
  procedureId: string;
  version: number;
  instances: readonly [InstanceCreated, ...InstanceCreated[]];
}

/**
 * The outdated instances that are rejected: where they are stored and a rejection note is honoured. A note has one clip
 * and one study, so that it is seen with the clip and lies in the study that it is about.
 */
export function rejectedOf(
  outdated: readonly InstanceCreated[],
  stored: ReadonlyMap<string, ReadonlySet<string>>,
  receivers: ReadonlySet<string>,
): Rejected[] {
  const groups = new Map<string, Omit<Rejected, 'instances'> & { instances: InstanceCreated[] }>();
  for (const instance of outdated) {
    for (const destination of stored.get(instance.instanceId) ?? []) {
      if (!receivers.has(destination)) continue;
      const { kind, id, sourceId, procedureId } = instance.origin;
      const version = instance.procedureVersion;
      const key = [kind, id, sourceId, instance.assignment, version, destination].join('/');
      const group = groups.get(key) ?? { destination, procedureId, version, instances: [] };
      group.instances.push(instance);
      groups.set(key, group);
    }
  }
  return [...groups.values()].flatMap(({ instances: [first, ...rest], ...group }) =>
    first ? [{ ...group, instances: [first, ...rest] }] : [],
  );
}

/** Its instances by series, and UIDs that follow from what it rejects: made twice it is the same note. */
export function rejectionNote({ destination, version, instances }: Rejected): Omit<RejectionNote, 'title' | 'at'> {
  const { kind, id, sourceId } = instances[0].origin;
  const uids = instances.map((each) => each.sopInstanceUid).sort();
  const name = [kind, id, sourceId, String(version), destination, ...uids];
  const series = Map.groupBy(instances, (each) => each.seriesInstanceUid);
  return {
    sopInstanceUid: deterministicUid('smartbox-rejection', ...name),
    seriesInstanceUid: deterministicUid('smartbox-rejection-series', ...name),
    rejected: [...series].map(([seriesInstanceUid, own]) => ({
      seriesInstanceUid,
      instances: own.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid })),
    })),
  };
}

/** The event that sends it to its destination. A note has no payload: its data set stands in for it. */
export function rejectionCreated(
  { destination, version, instances: [first] }: Rejected,
  note: Omit<RejectionNote, 'title' | 'at'>,
  stored: { key: string; bytes: number; sha256: string },
  dataset: { offset: number; sha256: string },
): InstanceCreated {
  return {
    instanceId: deterministicId('smartbox-rejection', note.sopInstanceUid),
    origin: first.origin,
    sopInstanceUid: note.sopInstanceUid,
    sopClassUid: KEY_OBJECT_SELECTION,
    transferSyntaxUid: TransferSyntaxUid.explicitLittleEndian,
    studyInstanceUid: first.studyInstanceUid,
    seriesInstanceUid: note.seriesInstanceUid,
    procedureVersion: version,
    ...(first.assignment === undefined ? {} : { assignment: first.assignment }),
    ...stored,
    payloadSha256: dataset.sha256,
    payloadBytes: stored.bytes - dataset.offset,
    payloadOffset: dataset.offset,
    numberOfFrames: 1,
    destinations: [destination],
    rendition: 'rejection-note',
  };
}
