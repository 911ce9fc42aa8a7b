import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, PARK, RETRY } from './backoff.ts';
import { deliveryIdOf } from './delivery.ts';
import { parseDestinations } from './destinations.ts';
import { judgeFailure, type FailedAttempt } from './failure.ts';
import { judgeStatus } from './store-status.ts';

describe('a C-STORE status', () => {
  it.each([
    [0x0000, 'stored'],
    [0xb000, 'stored'],
    [0xb006, 'stored'],
    [0xb007, 'stored'],
    [0x0111, 'stored'],
    [0xa700, 'retry'],
    [0xa7ff, 'retry'],
    [0x0110, 'retry'],
    [0xff00, 'retry'],
    [0xff01, 'retry'],
    [0xa900, 'dead'],
    [0xa9aa, 'dead'],
    [0xc000, 'dead'],
    [0xcfff, 'dead'],
    [0x0122, 'dead'],
    [0x0124, 'dead'],
    [0xb123, 'dead'],
  ])('%i means %s', (status, kind) => {
    expect(judgeStatus(status).kind).toBe(kind);
  });

  it('names its warning, and its number when it fails', () => {
    expect(judgeStatus(0xb006)).toMatchObject({ warning: expect.stringContaining('B006') as string });
    expect(judgeStatus(0xa701)).toMatchObject({
      code: 'store-status-a701',
      reason: expect.stringContaining('A701') as string,
    });
  });
});

describe('a failure', () => {
  const theirs = { fault: 'theirs', retryable: true } as const;
  it.each<[FailedAttempt, string]>([
    [{ code: 'peer-unreachable', phase: 'connect', ...theirs }, 'park'],
    [{ code: 'peer-tls-failed', phase: 'connect', ...theirs }, 'park'],
    [{ code: 'association-rejected', phase: 'negotiation', ...theirs }, 'park'],
    [{ code: 'association-rejected', phase: 'negotiation', fault: 'theirs', retryable: false }, 'dead'],
    [{ code: 'presentation-context-refused', phase: 'negotiation', fault: 'theirs', retryable: false }, 'dead'],
    [{ code: 'association-idle', phase: 'negotiation', ...theirs }, 'park'],
    [{ code: 'association-idle', phase: 'transfer', ...theirs }, 'retry-if-alive'],
    [{ code: 'association-aborted', phase: 'transfer', ...theirs }, 'retry-if-alive'],
    [{ code: 'peer-protocol-error', phase: 'transfer', ...theirs }, 'retry-if-alive'],
    [{ code: 'storage-unavailable', ...theirs }, 'later'],
    [{ code: 'broker-unavailable', ...theirs }, 'later'],
    [{ code: 'object-corrupt', fault: 'ours', retryable: true }, 'retry'],
    [{ code: 'object-not-found', fault: 'ours', retryable: false }, 'dead'],
  ])('%o: %s', (attempt, verdict) => {
    expect(judgeFailure(attempt)).toBe(verdict);
  });
});

it('backoff grows, is bounded, and never repeats in step', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      for (const backoff of [RETRY, PARK]) {
        const wait = backoffMs(backoff, failures, random);
        expect(wait).toBeGreaterThanOrEqual(backoff.firstMs * 0.8);
        expect(wait).toBeLessThanOrEqual(backoff.maxMs * 1.2);
      }
    }),
  );
  expect(backoffMs(RETRY, 3, 0.5)).toBe(4 * RETRY.firstMs);
});

it('the same instance and destination are the same delivery', () => {
  const instance = '01K6D6G5Y0ABCDEFGHJKMNPQRS';
  expect(deliveryIdOf(instance, 'pacs')).toBe(deliveryIdOf(instance, 'pacs'));
  expect(deliveryIdOf(instance, 'pacs')).not.toBe(deliveryIdOf(instance, 'cloud'));
});

describe('destinations.yaml', () => {
  const good = 'destinations:\n  - { name: pacs, title: PACS, aeTitle: PACS, host: 10.0.0.1, port: 104 }\n';
  it('gets its defaults', () => {
    expect(parseDestinations(good, 'destinations.yaml').destinations[0]).toMatchObject({
      callingAeTitle: 'SMARTBOX',
      idleTimeoutSeconds: 60,
      parallelAssociations: 2,
    });
  });

  it.each([
    ['destinations: [{ name: PACS 1, title: x, aeTitle: x, host: h, port: 104 }]', 'destinations[0].name'],
    [good.replace('104', 'many'), 'destinations[0].port'],
    [good.replace('aeTitle: PACS', 'aeTitle: MUCH_TOO_LONG_FOR_AN_AE'), 'destinations[0].aeTitle'],
    [good + good.split('\n')[1], 'destinations[1].name'],
    ['worklist: {}', 'destinations'],
    [good.replace('port: 104', 'port: 104, deidentify: { key: secret-in-the-file }'), 'destinations[0].deidentify.key'],
    [
      good.replace('port: 104', 'port: 104, deidentfy: { key: { file: k } }'),
      'destinations[0]: Unrecognized key: "deidentfy"',
    ],
    [
      'destinations: [{ name: w, title: w, protocol: dicomweb, url: "http://w/x", deidentfy: { key: { file: k } } }]',
      'destinations[0]: Unrecognized key: "deidentfy"',
    ],
    [
      `destinations: [{ name: h, title: h, protocol: healthimaging, region: r, datastoreId: ${'0'.repeat(32)}, deidentify: {} }]`,
      'destinations[0].deidentify: de-identified copies go to DIMSE and DICOMweb destinations only',
    ],
    [
      'destinations: [{ name: w, title: w, protocol: dicomweb, url: "http://w/x", rejectionNotes: true, deidentify: { key: { file: k } } }]',
      'destinations[0].deidentify: goes with neither',
    ],
    [
      good.replace('port: 104', 'port: 104, rejectionNotes: true, deidentify: { key: { file: k } }'),
      'destinations[0].deidentify: goes with neither',
    ],
    ['{', 'no YAML'],
  ])('that is wrong (%#) names the field', (yaml, field) => {
    expect(() => parseDestinations(yaml, 'destinations.yaml')).toThrow(field);
  });
});
