import { freePort, sendCommitmentReport, startOrthanc, startTestPacs, until, type TestPacs } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deliveryIdOf } from '../src/domain/delivery.ts';
import {
  buildGateway,
  destination,
  eventsOf,
  publishInstance,
  startBed,
  startGateway,
  type Bed,
  type DestinationInput,
  type Gateway,
  type Published,
} from './support/gateway.ts';

let bed: Bed;
let gateway: Gateway | undefined;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  buildGateway();
  bed = await startBed();
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});
afterAll(() => bed?.stop());

type Policy = NonNullable<Extract<DestinationInput, { aeTitle: string }>['commitment']>;

async function start(name: string, policy: Partial<Policy> = {}): Promise<{ peer: TestPacs; port: number }> {
  const peer = await startTestPacs();
  cleanUps.push(() => peer.stop());
  const port = await freePort();
  const commitment = { request: true, holdSeconds: 0, ...policy } as never;
  gateway = await startGateway(bed, {
    destinations: [destination(name, peer.port, { commitment })],
    listener: { port },
  });
  return { peer, port };
}

const committed = ({ instance }: Published) => eventsOf(bed, instance, 'pacs-gateway.instance.committed');
const failures = ({ instance }: Published) => eventsOf(bed, instance, 'pacs-gateway.instance.commitment-failed');
const reference = ({ instance }: Published) => ({
  sopClassUid: instance.sopClassUid,
  sopInstanceUid: instance.sopInstanceUid,
});
/** The latest request that asks for the instance. */
const askedFor = (peer: TestPacs, one: Published) =>
  peer
    .commitments()
    .findLast(({ instances }) =>
      instances.some(({ sopInstanceUid }) => sopInstanceUid === one.instance.sopInstanceUid),
    );

describe('Orthanc', () => {
  it('commits to what it stored, on an association of its own', async () => {
    const port = await freePort();
    const orthanc = await startOrthanc({ peers: { SMARTBOX: port } });
    cleanUps.push(() => orthanc.stop());
    gateway = await startGateway(bed, {
      destinations: [
        destination('orthanc', orthanc.port, {
          aeTitle: orthanc.aeTitle,
          commitment: { request: 'yes', holdSeconds: 0 } as never,
        }),
      ],
      listener: { port },
    });
    const [a, b] = [await publishInstance(bed, ['orthanc']), await publishInstance(bed, ['orthanc'])];
    await until(() => committed(a).length === 1 && committed(b).length === 1, { timeoutMs: 30_000 });
    expect(committed(a)[0]?.data).toMatchObject({
      destination: 'orthanc',
      sopInstanceUid: a.instance.sopInstanceUid,
      transactionUid: expect.stringMatching(/^2\.25\.\d+$/) as string,
    });
    expect(eventsOf(bed, a.instance, 'pacs-gateway.instance.stored')[0]?.data).toMatchObject({
      commitment: 'requested',
    });
    const { destinations } = await bed.messaging.call('pacs-gateway.list-destinations', {});
    expect(destinations).toMatchObject([{ name: 'orthanc', commitment: { requested: true, open: 0 } }]);
  });
});

describe('a rude archive', () => {
  it('that reports on the same association is heard, also twice', async () => {
    const { peer, port } = await start('same', { holdSeconds: 20 });
    peer.commit({ reportAtOnce: ({ transactionUid, instances }) => ({ transactionUid, committed: instances }) });
    const one = await publishInstance(bed, ['same']);
    await until(() => committed(one).length === 1);
    const { transactionUid } = askedFor(peer, one) ?? { transactionUid: '' };
    const again = await sendCommitmentReport(
      { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle },
      { transactionUid, committed: [reference(one)] },
    );
    expect(again).toBe(0);
    expect(committed(one)).toHaveLength(1);
  });

  it('that is not asked any more leaves nothing open: sent, not committed', async () => {
    const { peer, port } = await start('switched');
    const one = await publishInstance(bed, ['switched']);
    await until(() => askedFor(peer, one));
    const listed = async () => {
      const { destinations } = await bed.messaging.call('pacs-gateway.list-destinations', {});
      return destinations[0]?.commitment;
    };
    await until(async () => (await listed())?.open === 1);
    gateway?.configure({ destinations: [destination('switched', peer.port)], listener: { port } });
    const waived = () => eventsOf(bed, one.instance, 'pacs-gateway.instance.commitment-waived');
    await until(() => waived().length === 1, { timeoutMs: 20_000 });
    expect(waived()[0]?.data).toMatchObject({
      destination: 'switched',
      reason: expect.stringMatching(/sent, not committed/) as string,
    });
    await until(async () => (await listed())?.open === 0);
    expect(await listed()).toEqual({ requested: false, open: 0 });
    expect(failures(one)).toEqual([]);
  });

  it('that commits to a part leaves the other unarchived, with its reason', async () => {
    const { peer, port } = await start('partial');
    const [good, bad] = [await publishInstance(bed, ['partial']), await publishInstance(bed, ['partial'])];
    const [a, b] = [await until(() => askedFor(peer, good)), await until(() => askedFor(peer, bad))];
    const to = { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle };
    await sendCommitmentReport(to, { transactionUid: a.transactionUid, committed: [reference(good)] });
    const failed = [{ ...reference(bad), reason: 0x0122 }];
    expect(await sendCommitmentReport(to, { transactionUid: b.transactionUid, failed })).toBe(0);
    await until(() => committed(good).length === 1 && failures(bad).length === 1);
    expect(failures(bad)[0]?.data).toMatchObject({
      final: true,
      code: 'commitment-refused-0122',
      failureReason: 0x0122,
      reason: expect.stringContaining('SOP class not supported') as string,
    });
    expect(committed(bad)).toEqual([]);

    // A person sends it again: stored anew, asked anew.
    const deliveryId = deliveryIdOf(bad.instance.instanceId, 'partial');
    const command = { deliveryId, instanceId: bad.instance.instanceId, destination: 'partial' };
    await bed.messaging.publishCommand('pacs-gateway.retry-delivery', command, { id: `again-${deliveryId}` });
    const renewed = await until(() => {
      const asked = askedFor(peer, bad);
      return asked && asked.transactionUid !== b.transactionUid && asked;
    });
    await sendCommitmentReport(to, { transactionUid: renewed.transactionUid, committed: [reference(bad)] });
    await until(() => committed(bad).length === 1);
    expect(eventsOf(bed, bad.instance, 'pacs-gateway.instance.stored')).toHaveLength(2);
  });

  it('that never had the object gets it again by itself', async () => {
    const { peer, port } = await start('forgetful');
    const one = await publishInstance(bed, ['forgetful']);
    const first = await until(() => askedFor(peer, one));
    const to = { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle };
    const failed = [{ ...reference(one), reason: 0x0112 }];
    await sendCommitmentReport(to, { transactionUid: first.transactionUid, failed });
    await until(() => eventsOf(bed, one.instance, 'pacs-gateway.instance.stored').length === 2);
    const second = await until(() => {
      const asked = askedFor(peer, one);
      return asked && asked.transactionUid !== first.transactionUid && asked;
    });
    await sendCommitmentReport(to, { transactionUid: second.transactionUid, committed: [reference(one)] });
    await until(() => committed(one).length === 1);
    expect(failures(one)[0]?.data).toMatchObject({ final: false, code: 'commitment-refused-0112' });
  });

  it('that says nothing is asked again under a new transaction, so often and no more; a late report still counts', async () => {
    const { peer, port } = await start('silent', { waitSeconds: 1, attempts: 3 });
    const one = await publishInstance(bed, ['silent']);
    const given = await until(() => failures(one).find(({ data }) => data['final']), { timeoutMs: 20_000 });
    expect(given.data).toMatchObject({ code: 'commitment-overdue', attempt: 3 });
    const uids = peer.commitments().map(({ transactionUid }) => transactionUid);
    expect(uids).toHaveLength(3);
    expect(new Set(uids).size).toBe(3);
    expect(committed(one)).toEqual([]);
    const to = { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle };
    await sendCommitmentReport(to, { transactionUid: uids[0] ?? '', committed: [reference(one)] });
    await until(() => committed(one).length === 1);
  });

  it('that reports what was not asked, or is somebody else, changes nothing', async () => {
    const { peer, port } = await start('wrong');
    const one = await publishInstance(bed, ['wrong']);
    const { transactionUid } = await until(() => askedFor(peer, one));
    const to = { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle };
    expect(await sendCommitmentReport(to, { transactionUid: '2.25.99', committed: [reference(one)] })).toBe(0x0115);
    const other = [{ ...reference(one), sopInstanceUid: '2.25.98' }];
    expect(await sendCommitmentReport(to, { transactionUid, committed: other })).toBe(0);
    const mistaken = [{ ...reference(one), sopClassUid: '1.2.840.10008.5.1.4.1.1.7' }];
    expect(await sendCommitmentReport(to, { transactionUid, committed: mistaken })).toBe(0);
    expect(await sendCommitmentReport({ ...to, callingAe: 'STRANGER' }, { transactionUid })).toBe('rejected');
    expect(await sendCommitmentReport({ ...to, calledAe: 'SOMEBODY' }, { transactionUid })).toBe('rejected');
    expect(committed(one)).toEqual([]);
    expect(await sendCommitmentReport(to, { transactionUid, committed: [reference(one)] })).toBe(0);
    await until(() => committed(one).length === 1);
  });

  it('that refuses the request for good is not asked again', async () => {
    const { peer } = await start('refusing');
    peer.commit({ status: 0x0122 });
    const one = await publishInstance(bed, ['refusing']);
    await until(() => failures(one).length === 1);
    expect(failures(one)[0]?.data).toMatchObject({ final: true, code: 'commitment-status-0122', attempt: 1 });
    expect(gateway?.output()).not.toContain('Müller');
  });

  it('is heard after a kill -9 between request and report', async () => {
    const { peer, port } = await start('killed');
    const one = await publishInstance(bed, ['killed']);
    const { transactionUid } = await until(() => askedFor(peer, one));
    await gateway?.kill();
    const commitment = { request: true, holdSeconds: 0 } as never;
    const file = { destinations: [destination('killed', peer.port, { commitment })], listener: { port } };
    gateway = await startGateway(bed, file);
    const to = { port, calledAe: 'SMARTBOX', callingAe: peer.aeTitle };
    expect(await sendCommitmentReport(to, { transactionUid, committed: [reference(one)] })).toBe(0);
    await until(() => committed(one).length === 1);
    expect(peer.commitments()).toHaveLength(1);
  });
});

it('asks for nothing where the site offers none, and needs a listener where it does', async () => {
  const peer = await startTestPacs();
  cleanUps.push(() => peer.stop());
  gateway = await startGateway(bed, { destinations: [destination('plain', peer.port)] });
  const one = await publishInstance(bed, ['plain']);
  await until(() => eventsOf(bed, one.instance, 'pacs-gateway.instance.stored').length === 1);
  expect(eventsOf(bed, one.instance, 'pacs-gateway.instance.stored')[0]?.data).toMatchObject({ commitment: 'none' });
  expect(peer.commitments()).toEqual([]);
  const commitment = { request: true } as never;
  await expect(startGateway(bed, { destinations: [destination('deaf', peer.port, { commitment })] })).rejects.toThrow(
    /destinations\[0\]\.commitment\.request: needs a listener/,
  );
});
