import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/errors.ts';
import type { WhipOptions } from '../live/whip-client.ts';
import { DeviceError } from './device.ts';
import { Transmission } from './transmission.ts';

class FakeTrack extends EventTarget {
  readonly name: string;
  stopped = false;
  constructor(name: string) {
    super();
    this.name = name;
  }
  stop(): void {
    this.stopped = true;
  }
}

describe('a transmission of this device', () => {
  let tracks: FakeTrack[];
  let sessions: WhipOptions[];
  let replaced: unknown[];
  let awake: boolean;
  let open: (what: string, facing: string) => Promise<MediaStream>;

  beforeEach(() => {
    vi.useFakeTimers();
    [tracks, sessions, replaced, awake] = [[], [], [], false];
    open = (what, facing) => {
      const track = new FakeTrack(`${what} ${facing}`);
      tracks.push(track);
      return Promise.resolve({ getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream);
    };
    vi.stubGlobal('navigator', {
      mediaDevices: { enumerateDevices: () => Promise.resolve([{ kind: 'videoinput' }, { kind: 'videoinput' }]) },
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const make = () =>
    new Transmission({
      grant: () => Promise.reject(new Error('not asked here')),
      open: (what, facing) => open(what, facing),
      session: (options) => {
        sessions.push(options);
        return {
          start: () => Promise.resolve(),
          stop: () => undefined,
          replace: (track) => Promise.resolve(void replaced.push(track)),
          stats: () => Promise.resolve(undefined),
        };
      },
      awake: () => {
        awake = true;
        return () => (awake = false);
      },
    });

  it('keeps the screen on while it runs, and gives the camera back at the end', async () => {
    const sender = make();
    await sender.start('camera', 'or-1', 'phone');
    expect([sender.state.phase, awake, sender.state.canFlip]).toEqual(['connecting', true, true]);
    sessions[0]?.onConnected();
    expect(sender.state.phase).toBe('sending');
    sender.stop();
    expect([sender.state.phase, sender.state.error, awake, tracks[0]?.stopped]).toEqual([
      'idle',
      undefined,
      false,
      true,
    ]);
  });

  it('connects again by itself after the network was away, with the picture going on', async () => {
    const sender = make();
    await sender.start('camera', 'or-1', 'phone');
    sessions[0]?.onConnected();
    sessions[0]?.onEnd(new ApiError(0, 'network', ''));
    expect([sender.state.phase, tracks[0]?.stopped]).toEqual(['again', false]);
    vi.advanceTimersByTime(2_000);
    // The place is still taken by the connection that was lost.
    sessions[1]?.onEnd(new ApiError(409, 'already-publishing', ''));
    expect(sender.state.phase).toBe('again');
    vi.advanceTimersByTime(2_000);
    sessions[2]?.onConnected();
    expect([sender.state.phase, sessions.length]).toEqual(['sending', 3]);
  });

  it('ends with the reason where it was refused at once, or cannot go on', async () => {
    const sender = make();
    await sender.start('camera', 'or-1', 'phone');
    sessions[0]?.onEnd(new ApiError(409, 'already-publishing', ''));
    expect(sender.state).toMatchObject({ phase: 'ended', error: { code: 'already-publishing' } });
    open = () => Promise.reject(new DeviceError('denied'));
    await sender.start('camera', 'or-1', 'phone');
    expect(sender.state).toMatchObject({ phase: 'ended', error: { trouble: 'denied' } });
    open = () => Promise.reject(new DeviceError('cancelled'));
    await sender.start('screen', 'or-1', 'phone');
    expect(sender.state).toMatchObject({ phase: 'idle', error: undefined });
  });

  it('changes the camera within the same transmission', async () => {
    const sender = make();
    await sender.start('camera', 'or-1', 'phone');
    sessions[0]?.onConnected();
    await sender.flip();
    expect([tracks.map(({ name }) => name), tracks[0]?.stopped, replaced]).toEqual([
      ['camera environment', 'camera user'],
      true,
      [tracks[1]],
    ]);
    expect([sender.state.phase, sender.state.facing, sessions.length]).toEqual(['sending', 'user', 1]);
  });

  it('ends when the browser’s own button stops the sharing, and forgets what was stopped while it was asked for', async () => {
    const sender = make();
    await sender.start('screen', 'or-1', 'phone');
    tracks[0]?.dispatchEvent(new Event('ended'));
    expect(sender.state.phase).toBe('idle');
    const starting = sender.start('camera', 'or-1', 'phone');
    sender.stop();
    await starting;
    expect([sender.state.phase, tracks[1]?.stopped, sessions.length]).toEqual(['idle', true, 1]);
  });
});
