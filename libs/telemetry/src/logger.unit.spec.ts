import { SmartBoxError } from '@smartbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { redact } from './redact.ts';
import { currentTraceId, extractTrace, injectTrace, startTelemetry, withSpan } from './tracing.ts';

function logged(work: (log: ReturnType<typeof createLogger>) => void): {
  text: string;
  lines: Record<string, unknown>[];
} {
  let text = '';
  work(createLogger('spec', { write: (line: string) => void (text += line) }));
  return {
    text,
    lines: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the log', () => {
  it('never carries patient data or secrets, at any depth', () => {
    const keys = [
      'patient',
      'patientId',
      'PatientName',
      'patient_name',
      'birthDate',
      'Authorization',
      'token',
      'password',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.integer({ min: 0, max: 6 }), fc.boolean(), (key, depth, array) => {
        let value: object = { [key]: 'CANARY^JANE' };
        for (let i = 0; i < depth; i++) value = array ? { list: [value] } : { inner: value };
        expect(JSON.stringify(redact(value))).not.toContain('CANARY');
      }),
    );
    const person = { name: 'CANARY^JANE', id: 'CANARY-1', birthDate: '19700101' };
    expect(JSON.stringify(redact({ snapshot: { who: person } }))).not.toContain('CANARY');
    expect(redact({ name: 'or-1' })).toEqual({ name: 'or-1' });
  });

  it('writes errors with their code and cause, and the service', () => {
    const error = new SmartBoxError({
      code: 'range-not-available',
      message: 'no such range',
      fault: 'input',
      details: { patient: 'CANARY' },
      cause: new Error('deeper'),
    });
    const { lines, text } = logged((log) => log.child({ clipId: 'C1' }).error({ err: error }, 'failed'));
    expect(lines[0]).toMatchObject({
      level: 'error',
      service: 'spec',
      clipId: 'C1',
      msg: 'failed',
      err: { type: 'SmartBoxError', code: 'range-not-available', cause: { message: 'deeper' } },
    });
    expect(text).not.toContain('CANARY');
  });
});

describe('tracing', () => {
  it('carries the trace through a message and into the log', async () => {
    startTelemetry('spec');
    expect(currentTraceId()).toBeUndefined();
    let headers: Record<string, string> = {};
    const outside = await withSpan('out', {}, () => {
      headers = injectTrace({});
      return currentTraceId();
    });
    expect(headers['traceparent']).toContain(outside);
    const inside = await withSpan(
      'in',
      {},
      () => {
        const { lines } = logged((log) => log.info({}, 'here'));
        return lines[0]?.['traceId'];
      },
      { parent: headers },
    );
    expect(inside).toBe(outside);
    expect(extractTrace({})).toBeDefined();
  });
});
