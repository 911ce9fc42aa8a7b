import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { transientError } from '@smartbox/kernel';
import type { StoredInstance } from './store.ts';

/** How to look into a PACS from outside; plain data, so that it can stand in `.smartbox/run.json`. */
export interface PacsAccess {
  kind: 'orthanc' | 'test-pacs';
  httpUrl: string;
  user?: string;
  password?: string;
}

/** A look into a PACS from the far side: what does it really have? */
export interface PacsView {
  instances: () => Promise<StoredInstance[]>;
  find: (sopInstanceUid: string) => Promise<StoredInstance | undefined>;
  /** The object's Part 10 file as the PACS hands it out. */
  open: (sopInstanceUid: string) => Promise<Readable>;
}

function get(access: PacsAccess, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (access.user !== undefined) {
    headers.set('authorization', `Basic ${Buffer.from(`${access.user}:${access.password ?? ''}`).toString('base64')}`);
  }
  return fetch(`${access.httpUrl}${path}`, { ...init, headers });
}

async function checked(response: Response, what: string): Promise<Response> {
  if (response.ok) return response;
  throw transientError('pacs-view', `the PACS answered HTTP ${response.status} to ${what}`);
}

const json = async <T>(access: PacsAccess, path: string, init?: RequestInit): Promise<T> =>
  (await (await checked(await get(access, path, init), path)).json()) as T;

const stream = async (access: PacsAccess, path: string): Promise<Readable> => {
  const { body } = await checked(await get(access, path), path);
  if (!body) throw transientError('pacs-view', `the PACS answered ${path} without a body`);
  return Readable.fromWeb(body as ReadableStream<Uint8Array>);
};

function testPacsView(access: PacsAccess): PacsView {
  const instances = (): Promise<StoredInstance[]> => json(access, '/instances');
  return {
    instances,
    find: async (uid) => (await instances()).find((one) => one.sopInstanceUid === uid),
    open: (uid) => stream(access, `/instances/${uid}/file`),
  };
}

interface OrthancInstance {
  ID: string;
  FileSize: number;
  MainDicomTags: { SOPInstanceUID: string };
}

function orthancView(access: PacsAccess): PacsView {
  const describe = async (one: OrthancInstance): Promise<StoredInstance> => {
    const metadata = async (name: string): Promise<string> =>
      (await checked(await get(access, `/instances/${one.ID}/metadata/${name}`), name)).text();
    const received = await metadata('ReceptionDate'); // 20260105T093000, in UTC
    const [, date = '', time = ''] = /^(\d{8})T(\d{6})/.exec(received) ?? [];
    return {
      sopInstanceUid: one.MainDicomTags.SOPInstanceUID,
      sopClassUid: await metadata('SopClassUid'),
      transferSyntaxUid: await metadata('TransferSyntax'),
      bytes: one.FileSize,
      receivedAt: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`,
    };
  };
  const lookUp = async (uid: string): Promise<OrthancInstance | undefined> => {
    const query = { Level: 'Instance', Expand: true, Query: { SOPInstanceUID: uid } };
    return (await json<OrthancInstance[]>(access, '/tools/find', { method: 'POST', body: JSON.stringify(query) }))[0];
  };
  return {
    instances: async () => Promise.all((await json<OrthancInstance[]>(access, '/instances?expand')).map(describe)),
    find: async (uid) => {
      const found = await lookUp(uid);
      return found && describe(found);
    },
    open: async (uid) => {
      const found = await lookUp(uid);
      if (!found) throw transientError('pacs-view', `the PACS does not have ${uid}`);
      return stream(access, `/instances/${found.ID}/file`);
    },
  };
}

/** A look into a running PACS, whichever it is. */
export function viewPacs(access: PacsAccess): PacsView {
  return access.kind === 'orthanc' ? orthancView(access) : testPacsView(access);
}
