import { buckets } from './kv.ts';
import { COMMANDS, DEAD, EVENTS, type StreamDefinition } from './streams.ts';
import { rpcMap, services, type CommandName, type RpcName, type Service } from './subjects.ts';

/** Buckets of one service alone, beside `buckets`. */
type OwnBucket = 'CANCELLATIONS' | 'DELIVERIES' | 'COMMITMENTS' | 'PROCEDURE_STEPS' | 'DESTINATIONS';
type Bucket = (typeof buckets)[keyof typeof buckets]['name'] | OwnBucket;

/** What one service does at the broker beside publishing its own events and answering its own requests. */
interface Rights {
  /** Streams whose messages it reads: by durables of its own, or in order from somewhere on. */
  reads: readonly StreamDefinition[];
  commands: readonly CommandName[];
  calls: readonly RpcName[];
  /** `write`: also reads. */
  buckets: Readonly<Partial<Record<Bucket, 'read' | 'write'>>>;
  /** `declare`: makes and changes the stream of each room besides. */
  rings?: 'read' | 'declare';
  /** More subjects, of core NATS. */
  publishes?: readonly string[];
  subscribes?: readonly string[];
}

/** Who may do what at the broker: the one table. A spec holds it to what the services' sources ask for. */
export const brokerRights: Readonly<Record<Exclude<Service, 'capture-edge'>, Rights>> = {
  buffer: {
    reads: [EVENTS, COMMANDS],
    commands: [],
    calls: ['capture-edge.idr'],
    buckets: { PROCEDURES: 'read', RECORDINGS: 'write' },
    rings: 'declare',
  },
  transcoder: { reads: [EVENTS, COMMANDS], commands: [], calls: [], buckets: { CANCELLATIONS: 'write' } },
  dicomizer: {
    reads: [EVENTS],
    commands: [],
    calls: ['catalog.get-procedure', 'pacs-gateway.get-procedure-step', 'pacs-gateway.list-destinations'],
    buckets: {},
  },
  'pacs-gateway': {
    reads: [EVENTS, COMMANDS],
    commands: ['transcoder.make-rendition'],
    calls: ['catalog.get-procedure'],
    buckets: { DELIVERIES: 'write', COMMITMENTS: 'write', PROCEDURE_STEPS: 'write', DESTINATIONS: 'write' },
  },
  streaming: {
    reads: [],
    commands: [],
    calls: ['capture-edge.idr', 'capture-edge.whip'],
    buckets: { PROCEDURES: 'read', STATIONS: 'read', STREAMING: 'write' },
    rings: 'read',
    publishes: ['talk.*'],
    subscribes: ['talk.*', 'live.*.*'],
  },
  catalog: {
    reads: [EVENTS],
    commands: [
      ...(['buffer.save-clip', 'buffer.start-recording', 'buffer.stop-recording', 'buffer.capture-still'] as const),
      ...(['buffer.set-marker', 'transcoder.cancel-job', 'transcoder.prepare-again', 'transcoder.edit-clip'] as const),
      ...(['transcoder.export-clip', 'transcoder.archive-export', 'transcoder.copy-export'] as const),
      ...(['transcoder.import-clip', 'pacs-gateway.retry-delivery'] as const),
    ],
    calls: [
      ...(['buffer.get-window', 'capture-edge.idr', 'capture-edge.list-devices'] as const),
      'capture-edge.take-device-picture',
      ...(['transcoder.preview-frame', 'transcoder.take-frame', 'transcoder.list-targets'] as const),
      ...(['pacs-gateway.find-worklist', 'pacs-gateway.list-destinations', 'pacs-gateway.echo'] as const),
      'pacs-gateway.get-procedure-step',
    ],
    buckets: { PROCEDURES: 'write', STATIONS: 'read', STREAMING: 'read' },
    // What a person has delivered again, and whether anybody reads it.
    publishes: ['again.evt.*', 'again.cmd.*', api(`CONSUMER.INFO.${COMMANDS.name}.*`)],
  },
};

/** One user of the broker. */
export interface BrokerUser {
  user: string;
  publish: readonly string[];
  subscribe: readonly string[];
}

/** The user that a process signs in as. */
export const brokerUserOf = (service: Service, stationId = ''): string =>
  service === 'capture-edge' ? `station-${stationId}` : service;

/** Its answers come back below this, where nobody else listens. Undefined: a name that is no token of a subject. */
export const inboxOf = (user: string | undefined): string | undefined =>
  user !== undefined && /^[\w-]+$/.test(user) ? `_INBOX.${user}` : undefined;

/** Every service, and every room's capture machine. */
export function brokerUsers(stations: readonly string[]): BrokerUser[] {
  const hub = services.flatMap((service) => (service === 'capture-edge' ? [] : [serviceUser(service, stations)]));
  return [...hub, ...stations.map(stationUser)];
}

function serviceUser(service: Exclude<Service, 'capture-edge'>, stations: readonly string[]): BrokerUser {
  const { reads, commands, calls, buckets: kv, rings, publishes = [], subscribes = [] } = brokerRights[service];
  return {
    user: service,
    publish: [
      ...joining,
      ...[EVENTS, COMMANDS, DEAD].map(({ name }) => api(`STREAM.UPDATE.${name}`)),
      `evt.${service}.>`,
      ...commands.map((name) => `cmd.${name}`),
      ...calls.map((name) => (name.startsWith('capture-edge.') ? `rpc.${name}.*` : `rpc.${name}`)),
      ...reads.flatMap(({ name }) => [...consumers(name), `$JS.ACK.${name}.>`, api(`STREAM.MSG.GET.${name}`)]),
      ...(reads.length > 0 ? givingUp(service) : []),
      ...(reads.includes(COMMANDS) ? [api(`STREAM.MSG.DELETE.${COMMANDS.name}`)] : []),
      ...Object.entries(kv).flatMap(([name, mode]) => [
        ...bucket(name),
        ...(mode === 'write' ? [`$KV.${name}.>`] : []),
      ]),
      ...(rings === undefined ? [] : stations.flatMap((station) => ring(station, rings))),
      ...publishes,
    ],
    subscribe: [`${inboxOf(service)}.>`, ...served(service).map((name) => `rpc.${name}`), ...subscribes],
  };
}

/** A room's own pictures, presence and answers, and what runs there; its events, which do not say the room in their subject. */
function stationUser(station: string): BrokerUser {
  const user = brokerUserOf('capture-edge', station);
  const [procedures, stations] = [buckets.procedures.name, buckets.stations.name];
  const key = `$KV.${procedures}.station.${station}`;
  return {
    user,
    publish: [
      ...joining,
      'evt.capture-edge.>',
      `ring.${station}.*`,
      `live.${station}.*`,
      ...opening(stations),
      `$KV.${stations}.${station}`,
      ...opening(procedures),
      api(`DIRECT.GET.KV_${procedures}.${key}`),
      api(`CONSUMER.CREATE.KV_${procedures}.*.${key}`),
      ...watching(procedures),
    ],
    subscribe: [`${inboxOf(user)}.>`, ...served('capture-edge').map((name) => `rpc.${name}.${station}`)],
  };
}

function api(what: string): string {
  return `$JS.API.${what}`;
}

/** Everybody looks whether the shared streams are there, and makes them where they are not. */
const joining = [
  api('INFO'),
  ...[EVENTS, COMMANDS, DEAD].flatMap(({ name }) => [api(`STREAM.INFO.${name}`), api(`STREAM.CREATE.${name}`)]),
];

/** Dead letters: their own, and whether the one that is delivered again still stands. */
const givingUp = (service: Service): string[] => [
  `dead.${service}`,
  ...['GET', 'DELETE'].map((verb) => api(`STREAM.MSG.${verb}.${DEAD.name}`)),
  ...['INFO', 'CREATE', 'UPDATE'].map((verb) => api(`STREAM.${verb}.ADVISORIES`)),
  ...['INFO', 'CREATE', 'MSG.NEXT'].map((verb) => api(`CONSUMER.${verb}.ADVISORIES.${service}-advisories`)),
  api(`CONSUMER.CREATE.ADVISORIES.${service}-advisories.>`),
  `$JS.ACK.ADVISORIES.${service}-advisories.>`,
];

const consumers = (stream: string): string[] => [
  api(`CONSUMER.CREATE.${stream}`),
  api(`CONSUMER.CREATE.${stream}.>`),
  // The client's way to a durable with several filters.
  api(`CONSUMER.DURABLE.CREATE.${stream}.*`),
  ...['INFO', 'DELETE', 'MSG.NEXT'].map((verb) => api(`CONSUMER.${verb}.${stream}.*`)),
];

const opening = (name: string): string[] => [api(`STREAM.INFO.KV_${name}`), api(`STREAM.CREATE.KV_${name}`)];
const watching = (name: string): string[] => [
  ...['INFO', 'DELETE'].map((verb) => api(`CONSUMER.${verb}.KV_${name}.*`)),
  `$JS.FC.KV_${name}.>`,
];
const bucket = (name: string): string[] => [
  ...opening(name),
  api(`DIRECT.GET.KV_${name}.>`),
  api(`CONSUMER.CREATE.KV_${name}.>`),
  ...watching(name),
];

const ring = (station: string, mode: 'read' | 'declare'): string[] => {
  const stream = `RING_${station}`;
  const declared = mode === 'declare' ? ['CREATE', 'UPDATE'].map((verb) => api(`STREAM.${verb}.${stream}`)) : [];
  const direct = [api(`DIRECT.GET.${stream}`), api(`DIRECT.GET.${stream}.>`)];
  return [api(`STREAM.INFO.${stream}`), ...declared, ...direct, ...consumers(stream)];
};

const served = (service: Service) => Object.keys(rpcMap).filter((name) => name.startsWith(`${service}.`));

/** The user as nats-server's configuration has it. `password`: quoted, or the name of a variable with its `$`. */
export function brokerUserEntry({ user, publish, subscribe }: BrokerUser, password: string): string {
  const list = (subjects: readonly string[]) =>
    `{ allow: [\n${subjects.map((subject) => `        ${JSON.stringify(subject)}\n`).join('')}      ] }`;
  return `  {
    user: ${JSON.stringify(user)}, password: ${password}
    permissions {
      publish: ${list(publish)}
      subscribe: ${list(subscribe)}
      # to whoever asked, within the longest time that anybody waits
      allow_responses: { max: 1, expires: "1m" }
    }
  }
`;
}
