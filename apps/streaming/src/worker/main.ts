import { SmartBoxError, toError, transientError } from '@smartbox/kernel';
import { initLogger } from 'node-datachannel';
import type { Described } from '../domain/answer.ts';
import { readDescription } from '../domain/offer.ts';
import { IceRelay } from './ice/ice-relay.ts';
import { TAKEN_EVERY, type FromWorker, type Request, type ToWorker, type WorkerSettings } from './protocol.ts';
import { SourceFeed } from './source-feed.ts';
import { freeUdpPort } from './udp-port.ts';
import { Viewer, type Network, type Watched } from './viewer.ts';

// One process with the native WebRTC stack: a crash in it ends its viewers and nothing else.
const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
const feeds = new Map<string, SourceFeed>();
const viewers = new Map<string, Viewer>();
let units = 0;
let relay: Promise<IceRelay> | undefined;
const network: Network = {
  udpPort: 0,
  bindAddress: settings.bindAddress,
  relay: () => (relay ??= openRelay()),
};

/** Opened with the first restart; a port that is taken now may be free at the next one. */
async function openRelay(): Promise<IceRelay> {
  try {
    return await IceRelay.open(settings.restartPort, settings.bindAddress);
  } catch (error) {
    relay = undefined;
    throw transientError('overloaded', `no port for ICE restarts: ${toError(error).message}`);
  }
}

const tell = (message: FromWorker): void => {
  process.send?.(message, () => undefined);
};

function feedOf(source: string): SourceFeed {
  const feed = feeds.get(source) ?? new SourceFeed();
  feeds.set(source, feed);
  return feed;
}

async function watched(source: string, said: string | undefined): Promise<Watched> {
  const profileLevelId = await feedOf(source).profileLevelId(said, settings.pictureMs);
  if (profileLevelId !== undefined) return { source, profileLevelId };
  throw new SmartBoxError({
    code: 'source-not-live',
    message: `no picture of ${source} within ${settings.pictureMs} ms`,
    fault: 'theirs',
    retryable: true,
  });
}

async function join(request: Extract<Request, { t: 'join' }>): Promise<Described> {
  const { viewer: id, sources, profiles, offer: sdp } = request;
  const offer = readDescription(sdp);
  const wanted = await Promise.all(sources.map((source, i) => watched(source, profiles[i])));
  const viewer = new Viewer(id, network, {
    playing: (source) => tell({ t: 'playing', viewer: id, source }),
    keyframeWanted: (source) => tell({ t: 'keyframe-wanted', source }),
    gone: (reason) => {
      for (const source of sources) feeds.get(source)?.tracks.delete(id);
      viewers.delete(id);
      tell({ t: 'gone', viewer: id, reason });
    },
  });
  viewers.set(id, viewer);
  const answer = await viewer.answer(sdp, offer, wanted);
  const described: Described =
    answer === undefined ? { kind: 'counter-offer', sdp: await viewer.offer(wanted) } : { kind: 'answer', sdp: answer };
  for (const [source, track] of viewer.tracks) feedOf(source).tracks.set(id, track);
  return described;
}

async function perform(request: Request): Promise<Described> {
  if (request.t === 'join') return join(request);
  const viewer = viewers.get(request.viewer);
  if (!viewer) throw new SmartBoxError({ code: 'unknown-session', message: 'this session is over', fault: 'input' });
  if (request.t === 'restart') return { kind: 'fragment', sdp: await viewer.restartIce(request.ice) };
  viewer.takeAnswer(request.sdp);
  return { kind: 'none', sdp: '' };
}

function answerTo(request: Request): void {
  const { viewer } = request;
  perform(request).then(
    (described) => tell({ t: 'done', viewer, described }),
    (thrown: unknown) => {
      const error = toError(thrown);
      // What the native parser refuses is the viewer's fault.
      const code = error instanceof SmartBoxError ? error.code : 'invalid-offer';
      tell({ t: 'refused', viewer, code, message: error.message });
      if (request.t === 'join') viewers.get(viewer)?.close(error.message);
    },
  );
}

function take(source: string, bytes: Uint8Array): void {
  units += 1;
  if (units % TAKEN_EVERY === 0) tell({ t: 'taken', units });
  feeds.get(source)?.take(bytes);
}

function handle(message: ToWorker): void {
  switch (message.t) {
    case 'join':
    case 'answer':
    case 'restart':
      return answerTo(message);
    case 'candidates':
      for (const { candidate, mid } of message.candidates) viewers.get(message.viewer)?.addCandidate(candidate, mid);
      return;
    case 'leave':
      viewers.get(message.viewer)?.close('left');
      return;
    case 'unit':
      take(message.source, message.bytes);
      return;
    case 'forget':
      if (feeds.get(message.source)?.tracks.size === 0) feeds.delete(message.source);
      return;
  }
}

process.on('message', (message: ToWorker) => {
  try {
    handle(message);
  } catch (error) {
    console.error(`worker: ${message.t}: ${toError(error).message}`);
  }
});
// The service is gone: so are its viewers.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the service decides when its workers end.
process.on('SIGINT', () => undefined);

initLogger('Error', (_level, text) => console.error(`webrtc: ${text}`));
setInterval(() => {
  const now = performance.now();
  for (const viewer of [...viewers.values()]) viewer.reap(now, settings);
}, 500);
network.udpPort = settings.udpPort === 0 ? await freeUdpPort(settings.bindAddress) : settings.udpPort;
tell({ t: 'ready', udpPort: network.udpPort });
