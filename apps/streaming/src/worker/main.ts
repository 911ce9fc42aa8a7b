import { SmartBoxError, toError } from '@smartbox/kernel';
import { initLogger } from 'node-datachannel';
import { readOffer } from '../domain/offer.ts';
import { TAKEN_EVERY, type FromWorker, type ToWorker, type WorkerSettings } from './protocol.ts';
import { SourceFeed } from './source-feed.ts';
import { freeUdpPort } from './udp-port.ts';
import { Viewer } from './viewer.ts';

// One process with the native WebRTC stack: a crash in it ends its viewers and nothing else.
const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
const feeds = new Map<string, SourceFeed>();
const viewers = new Map<string, { viewer: Viewer; source: string }>();
let units = 0;
let udpPort = 0;

const tell = (message: FromWorker): void => {
  process.send?.(message, () => undefined);
};

function feedOf(source: string): SourceFeed {
  const feed = feeds.get(source) ?? new SourceFeed();
  feeds.set(source, feed);
  return feed;
}

async function join(id: string, source: string, sdp: string): Promise<void> {
  const feed = feedOf(source);
  const profile = await feed.profile(settings.pictureMs);
  if (profile === undefined) {
    throw new SmartBoxError({
      code: 'source-not-live',
      message: `no picture of ${source} within ${settings.pictureMs} ms`,
      fault: 'theirs',
      retryable: true,
    });
  }
  const offer = readOffer(sdp, profile);
  const viewer = new Viewer(
    id,
    offer,
    sdp,
    { udpPort, bindAddress: settings.bindAddress },
    {
      playing: () => tell({ t: 'playing', viewer: id }),
      keyframeWanted: () => tell({ t: 'keyframe-wanted', source }),
      gone: (reason) => {
        feed.viewers.delete(id);
        viewers.delete(id);
        tell({ t: 'gone', viewer: id, reason });
      },
    },
  );
  viewers.set(id, { viewer, source });
  feed.viewers.set(id, viewer);
  tell({ t: 'answer', viewer: id, sdp: await viewer.answer, iceUfrag: offer.iceUfrag });
}

function take(source: string, bytes: Uint8Array): void {
  units += 1;
  if (units % TAKEN_EVERY === 0) tell({ t: 'taken', units });
  feeds.get(source)?.take(bytes);
}

function handle(message: ToWorker): void {
  switch (message.t) {
    case 'join':
      join(message.viewer, message.source, message.offer).catch((thrown: unknown) => {
        const error = toError(thrown);
        // What the native parser refuses is the viewer's fault.
        const code = error instanceof SmartBoxError ? error.code : 'invalid-offer';
        viewers.get(message.viewer)?.viewer.close(error.message);
        tell({ t: 'refused', viewer: message.viewer, code, message: error.message });
      });
      return;
    case 'candidates':
      for (const { candidate, mid } of message.candidates)
        viewers.get(message.viewer)?.viewer.addCandidate(candidate, mid);
      return;
    case 'leave':
      viewers.get(message.viewer)?.viewer.close('left');
      return;
    case 'unit':
      take(message.source, message.bytes);
      return;
    case 'forget':
      if (feeds.get(message.source)?.viewers.size === 0) feeds.delete(message.source);
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
  for (const { viewer } of [...viewers.values()]) viewer.reap(now, settings);
}, 500);
udpPort = settings.udpPort === 0 ? await freeUdpPort(settings.bindAddress) : settings.udpPort;
tell({ t: 'ready', udpPort });
