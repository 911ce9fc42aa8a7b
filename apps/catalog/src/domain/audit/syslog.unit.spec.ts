import { expect, it } from 'vitest';
import { syslogFrame } from './syslog.ts';

const at = new Date('2026-11-29T13:14:15.678Z');

it('counts octets, not characters, and says what RFC 5424 wants to know', () => {
  const frame = syslogFrame('<AuditMessage who="Müller 👩‍⚕️"/>', at, { host: 'smartbox.klinik.example', processId: 42 });
  const [, length = '', message = ''] = /^(\d+) ([^]*)$/.exec(frame.toString('utf8')) ?? [];
  expect(Number(length)).toBe(Buffer.byteLength(message));
  expect(Number(length)).toBe(frame.byteLength - length.length - 1);
  expect(message).toBe(
    '<85>1 2026-11-29T13:14:15.678Z smartbox.klinik.example smartbox-catalog 42 DICOM+RFC3881 - ' +
      '\u{FEFF}<?xml version="1.0" encoding="UTF-8"?><AuditMessage who="Müller 👩‍⚕️"/>',
  );
});

it('gives a host without a name the nil value', () => {
  expect(syslogFrame('<a/>', at, { host: ' ü ', processId: 1 }).toString()).toContain('Z - smartbox-catalog 1 ');
});
