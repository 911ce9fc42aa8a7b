import { describe, expect, it, vi } from 'vitest';
import { Gate } from './gate.ts';

describe('the gate of a destination', () => {
  const signal = new AbortController().signal;

  it('holds everybody back until the next try is due, longer each time', async () => {
    vi.useFakeTimers({ now: 0 });
    try {
      const gate = new Gate(
        () => new Date(Date.now()),
        () => 0.5,
      );
      await gate.pass(signal);
      const first = gate.park('peer-unreachable', 'away');
      expect(first.until.getTime()).toBe(5000);
      let passed = false;
      const passing = gate.pass(signal).then(() => (passed = true));
      await vi.advanceTimersByTimeAsync(4999);
      expect(passed).toBe(false);
      await vi.advanceTimersByTimeAsync(2);
      await passing;
      expect(gate.park('peer-unreachable', 'still away').until.getTime() - Date.now()).toBe(10_000);
      expect(gate.parked?.since.getTime()).toBe(0);
      gate.open();
      expect(gate.parked).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a person in at once, and whoever stops out', async () => {
    const gate = new Gate();
    gate.park('peer-unreachable', 'away');
    const waiting = gate.pass(signal);
    gate.wake();
    await waiting;
    const stop = new AbortController();
    const stopping = gate.pass(stop.signal);
    stop.abort(new Error('the service stops'));
    await expect(stopping).rejects.toThrow('the service stops');
  });
});
