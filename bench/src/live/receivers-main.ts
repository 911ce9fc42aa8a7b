/**
 * WebRTC viewers that receive and do not decode, as a process of their own: `receivers-main.ts <whep url> <token> <n>`.
 * Prints `ready` when all are connected, ends with its standard input. What they receive stays in the native stack:
 * a callback for each packet would take a core that the measured service needs.
 */
import { PeerConnection, RtcpReceivingSession, Video, type Track } from 'node-datachannel';

const [, , url = '', token = '', count = '0'] = process.argv;
const peers: { peer: PeerConnection; track: Track; location: string }[] = [];
const CONNECT_MS = 10_000;

async function join(index: number): Promise<void> {
  const peer = new PeerConnection(`receiver ${index}`, {
    iceServers: [],
    disableAutoNegotiation: true,
    bindAddress: '127.0.0.1',
  });
  const video = new Video('0', 'RecvOnly');
  video.addH264Codec(96, 'profile-level-id=64002a;packetization-mode=1;level-asymmetry-allowed=1');
  const track = peer.addTrack(video);
  track.setMediaHandler(new RtcpReceivingSession());
  const connected = Promise.withResolvers<void>();
  connected.promise.catch(() => undefined); // it may fail before somebody waits for it
  const late = setTimeout(() => connected.reject(new Error('no connection in time')), CONNECT_MS);
  peer.onStateChange((state) => {
    if (state === 'connected') connected.resolve();
    if (state === 'failed' || state === 'closed') connected.reject(new Error(`connection ${state}`));
  });
  const gathered = Promise.withResolvers<string>();
  peer.onGatheringStateChange((state) => {
    if (state === 'complete') gathered.resolve(peer.localDescription()?.sdp ?? '');
  });
  peer.setLocalDescription('offer');
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
    body: await gathered.promise,
  });
  const answer = await response.text();
  if (response.status !== 201) {
    clearTimeout(late);
    peer.close();
    throw new Error(`${response.status} ${answer}`);
  }
  const location = response.headers.get('location') ?? '';
  try {
    peer.setRemoteDescription(answer, 'answer');
    await connected.promise;
  } catch (error) {
    peer.close();
    await leave(location);
    throw error;
  } finally {
    clearTimeout(late);
  }
  peers.push({ peer, track, location });
}

const leave = (location: string) =>
  fetch(new URL(location, url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });

/** On a starved machine a connection comes to nothing now and then: then it is tried again. */
async function joinPatiently(index: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await join(index);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

for (let i = 0; i < Number(count); i++) await joinPatiently(i);
console.log('ready');
process.stdin.resume();
process.stdin.on('end', () => {
  void Promise.allSettled(peers.map(({ location }) => leave(location))).then(() => process.exit(0));
});
