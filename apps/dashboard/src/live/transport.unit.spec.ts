import { describe, expect, it } from 'vitest';
import { Lateness, readFormat, readFrame, readSession } from './frame-message.ts';
import { socketUrl } from './socket-session.ts';
import { TransportOrder } from './transport-order.ts';
import type { NetworkMemory } from './transport-order.ts';

describe('which way the live picture takes', () => {
  it('leaves a way that never brought a picture, stays with one that did, and with a refusal', () => {
    const order = new TransportOrder({}, 0);
    expect(order.ended('refused', false, 0)).toBe(false);
    order.plays();
    expect(order.ended('connection', true, 0)).toBe(false);
    expect(order.transport).toBe('whep');
    expect(order.ended('connection', false, 0)).toBe(true);
    expect([order.transport, order.reason]).toEqual(['socket', 'udp']);
    order.plays();
    expect(order.exhausted).toBe(false);
    expect(order.ended('connection', true, 0)).toBe(false);
    expect(order.ended('connection', false, 0)).toBe(false);
    expect([order.transport, order.exhausted]).toEqual(['whep', true]);
    order.ended('overloaded', false, 0);
    expect([order.transport, order.reason, order.exhausted]).toEqual(['socket', 'overloaded', true]);
    order.plays();
    expect(order.exhausted).toBe(false);
    order.healed();
    order.plays();
    expect([order.transport, order.reason]).toEqual(['whep', undefined]);
  });

  it('believes for a minute what another tile has found out, until WHEP plays', () => {
    const memory: NetworkMemory = {};
    new TransportOrder(memory, 0).ended('connection', false, 1_000);
    const second = new TransportOrder(memory, 30_000);
    expect([second.transport, second.reason]).toEqual(['socket', 'udp']);
    expect(new TransportOrder(memory, 62_000).transport).toBe('whep');
    second.healed();
    second.plays();
    expect(new TransportOrder(memory, 30_001).transport).toBe('whep');
  });

  it('looks after WHEP less and less often', () => {
    const order = new TransportOrder({}, 0);
    const waits = [0, 1, 2, 3, 4].map(() => {
      const { healMs } = order;
      order.looked();
      return healMs;
    });
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  });
});

describe('messages of the live socket', () => {
  it('reads what the server writes, and nothing else', () => {
    const message = new ArrayBuffer(20);
    new DataView(message).setUint8(0, 2);
    new DataView(message).setFloat64(8, 1234.5);
    expect(readFrame(message)).toMatchObject({ kind: 'keyframe', capturedAtMs: 1234.5, data: { byteLength: 4 } });
    expect(readFrame(new ArrayBuffer(16))).toBeUndefined();
    new DataView(message).setUint8(0, 9);
    expect(readFrame(message)).toBeUndefined();
    const format = { codec: 'avc1.64001f', width: 640, height: 360 };
    expect(readFormat(JSON.stringify({ t: 'format', ...format }))).toEqual(format);
    expect(readFormat('{"t":"other"}')).toBeUndefined();
    expect(readSession('{"t":"session","id":"abc"}')).toBe('abc');
    expect(readSession(JSON.stringify({ t: 'format', ...format }))).toBeUndefined();
  });

  it('lies beside the WHEP endpoint', () => {
    expect(socketUrl('https://live.example/whep/or-1/scope', 'https://box.example')).toBe(
      'wss://live.example/live/or-1/scope',
    );
    expect(socketUrl('https://live.example/whep/or-1/scope', 'https://box.example', ['abc', 'def'])).toBe(
      'wss://live.example/live/or-1/scope?instead=abc,def',
    );
  });

  it('tells a late picture from a clock that is wrong or drifts', () => {
    const lateness = new Lateness();
    const wrong = 3_600_000;
    expect(lateness.note(wrong, 40)).toBe(0);
    expect(lateness.note(wrong + 100, 160)).toBeCloseTo(20, 0);
    expect(lateness.note(wrong + 200, 1_700)).toBeGreaterThan(1_000);
    const drifting = new Lateness();
    for (let ms = 0; ms < 3_600_000; ms += 1_000) expect(drifting.note(ms * 0.9995, ms)).toBeLessThan(1);
  });
});
