import { webhookTypes } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsBehind, keyOf, MAX_ATTEMPTS, messageOf, signedHeaders, waitMs } from './webhook.ts';

describe('a webhook message', () => {
  it('is signed as the example of Standard Webhooks is', () => {
    const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'webhook');
    const headers = signedHeaders(
      key,
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      new Date(1_614_265_330_000),
      '{"test": 2432232314}',
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    'takes no weak secret (%s)',
    (secret) => {
      expect(() => keyOf(secret, 'webhook x')).toThrow(/webhook x: secret/);
    },
  );

  it('tells identifiers only: whatever else an event carries stays here', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 5 }), (text) => {
        const data = { clipId: 'C', procedureId: 'P', stationId: 'S', description: text, recipe: { title: text } };
        const { body = '' } = messageOf('buffer.clip.saved', data, '2026-01-01T00:00:00Z') ?? {};
        expect(JSON.parse(body)).toEqual({
          type: 'clip.saved',
          timestamp: '2026-01-01T00:00:00Z',
          data: { clipId: 'C', procedureId: 'P', stationId: 'S' },
        });
      }),
    );
    expect(messageOf('capture-edge.fault.raised' as never, {}, '')).toBeUndefined();
    // a clip is saved out of a ring or imported: one type, two events
    expect(eventsBehind([...webhookTypes])).toHaveLength(webhookTypes.length + 1);
    expect(eventsBehind(['clip.saved'])).toEqual(['buffer.clip.saved', 'transcoder.clip.imported']);
  });

  it('is tried for about three days, ever more seldom', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS }, (_, i) => waitMs(i + 1, 0.5));
    expect(waits.at(-1)).toBeUndefined();
    const all = waits.slice(0, -1).map(Number);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(all.reduce((a, b) => a + b) / 86_400_000).toBeGreaterThan(3);
  });
});
