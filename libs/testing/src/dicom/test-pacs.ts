import { mkdir } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { inputError } from '@smartbox/kernel';
import { freePort } from '../ports.ts';
import { prepareDataDir, removeDir } from '../servers/launch.ts';
import type { Command } from './command.ts';
import { Association, type AssociationLimits, type Rudeness } from './association.ts';
import { COMMITMENT, takeCommitment, type CommitmentAsked, type CommitmentManners } from './commitment.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian } from './dataset.ts';
import { PROCEDURE_STEP, ProcedureStepScp } from './procedure-steps.ts';
import { InstanceStore, type StoredInstance } from './store.ts';
import { findWorklist, type WorklistItem } from './worklist.ts';

const VERIFICATION = '1.2.840.10008.1.1';
const WORKLIST_FIND = '1.2.840.10008.5.1.4.31';
const SERVICES = new Set([VERIFICATION, WORKLIST_FIND, COMMITMENT, PROCEDURE_STEP]);
const STORAGE = '1.2.840.10008.5.1.4.1.1.';

export interface TestPacsOptions {
  aeTitle?: string;
  /** Preferred DICOM port; another free one is taken when it is in use. */
  port?: number;
  /** Preferred port of the HTTP look-out. */
  httpPort?: number;
  /** Where objects are kept; temporary, and deleted by `stop()`, unless given. */
  dataDir?: string;
  worklist?: readonly WorklistItem[];
  limits?: Partial<AssociationLimits>;
  /** Which transfer syntaxes of storage SOP classes to take, in order of preference; all unless given. */
  transferSyntaxes?: readonly string[];
}

/** A running test PACS: the address to send to, and a look at what it has. */
export interface TestPacs {
  aeTitle: string;
  host: '127.0.0.1';
  port: number;
  /** `http://127.0.0.1:<port>`: `GET /instances`, `GET /instances/<uid>`, `GET /instances/<uid>/file`. */
  httpUrl: string;
  httpPort: number;
  /** The objects it holds, whole ones only. */
  instances: () => StoredInstance[];
  /** Path of an object's Part 10 file. */
  file: (sopInstanceUid: string) => string;
  worklist: readonly WorklistItem[];
  setWorklist: (items: readonly WorklistItem[]) => void;
  /** How the next associations are treated; `{}` is well again. */
  behave: (rudeness: Rudeness) => void;
  /** Commitment requests (N-ACTION) so far. */
  commitments: () => readonly CommitmentAsked[];
  /** How the next commitment requests are treated. */
  commit: (manners: CommitmentManners) => void;
  /** The information system's side of performed procedure steps (MPPS). */
  steps: ProcedureStepScp;
  /** Associations that were opened so far. */
  associations: () => number;
  /** The most that were open at one moment. */
  mostAssociations: () => number;
  stop: () => Promise<void>;
}

const defaultLimits: AssociationLimits = { maxPdu: 262_144, maxMessage: 1 << 20, artimMs: 30_000, idleMs: 60_000 };

function listen(server: Server | HttpServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => resolve());
  });
}

async function answer(store: InstanceStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, uid, part, ...rest] = (request.url ?? '/').split('/');
  const instance = uid === undefined ? undefined : store.get(uid);
  if (request.method !== 'GET' || kind !== 'instances' || rest.length > 0 || (uid !== undefined && !instance)) {
    response.writeHead(404).end();
  } else if (instance && part === 'file') {
    response.writeHead(200, { 'content-type': 'application/dicom', 'content-length': instance.bytes });
    await pipeline(store.read(instance.sopInstanceUid), response);
  } else {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(instance ?? store.list()));
  }
}

/**
 * Our own small DICOM peer on loopback: C-ECHO, C-STORE of every storage SOP class in every transfer syntax
 * (streamed to Part 10 files, constant memory), and a modality worklist. It can be made a bad peer.
 */
export async function startTestPacs(options: TestPacsOptions = {}): Promise<TestPacs> {
  const aeTitle = options.aeTitle ?? 'SMARTBOX_PACS';
  if (aeTitle.length > 16) throw inputError('ae-title', `an AE title has at most 16 characters: ${aeTitle}`);
  const data = await prepareDataDir(options.dataDir, 'pacs');
  await mkdir(data.dir, { recursive: true });
  const store = new InstanceStore(data.dir);
  await store.load();
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new Set<Socket>();
  let worklist = options.worklist ?? [];
  let rudeness: Rudeness = {};
  let [count, most] = [0, 0];
  const steps = new ProcedureStepScp();
  let manners: CommitmentManners = {};
  const asked: CommitmentAsked[] = [];

  const choose = (abstractSyntax: string, offered: readonly string[]): string | undefined => {
    if (SERVICES.has(abstractSyntax)) {
      return offered.find((syntax) => syntax === ExplicitLittleEndian || syntax === ImplicitLittleEndian);
    }
    if (!abstractSyntax.startsWith(STORAGE)) return undefined;
    return options.transferSyntaxes ? options.transferSyntaxes.find((syntax) => offered.includes(syntax)) : offered[0]; // the requestor's order is its preference
  };
  const dicom = createServer((socket) => {
    count++;
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
    const current = rudeness;
    const handlers = {
      choose,
      store: (command: Parameters<InstanceStore['receive']>[0], context: { transferSyntax: string }) =>
        store.receive(command, context.transferSyntax),
      find: (_command: unknown, identifier: Buffer, transferSyntax: string) =>
        findWorklist(worklist, identifier, transferSyntax, current.pendingStatus),
      normalized: (command: Command, dataSet: Buffer, transferSyntax: string) =>
        command.sopClassUid === PROCEDURE_STEP
          ? steps.take(command, dataSet, transferSyntax)
          : takeCommitment(asked, manners, command, dataSet, transferSyntax),
    };
    void new Association(socket, handlers, limits, current).run();
  });
  const http = createHttpServer((request, response) => {
    answer(store, request, response).catch(() => response.destroy());
  });
  const port = await freePort(options.port);
  await listen(dicom, port);
  const httpPort = await freePort(options.httpPort);
  await listen(http, httpPort);

  return {
    aeTitle,
    host: '127.0.0.1',
    port,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    httpPort,
    instances: () => store.list(),
    file: (uid) => store.path(uid),
    get worklist() {
      return worklist;
    },
    setWorklist: (items) => {
      worklist = items;
    },
    behave: (next) => {
      rudeness = next;
    },
    commitments: () => asked,
    commit: (next) => {
      manners = next;
    },
    steps,
    associations: () => count,
    mostAssociations: () => most,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      http.closeAllConnections();
      await Promise.all([dicom, http].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
      if (data.temporary) await removeDir(data.dir);
    },
  };
}
