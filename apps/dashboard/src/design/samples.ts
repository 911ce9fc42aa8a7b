import type { ClipView, StationView } from '@smartbox/contracts';

/** Made up: the page of the design system asks no server. */
export const sampleClip: ClipView = {
  clipId: '01JDZZZZZZZZZZZZZZZZZZZZZZ',
  kind: 'clip',
  state: 'saved',
  stationId: 'or-1',
  procedureId: '01JDZZZZZZZZZZZZZZZZZZZZZY',
  patient: { name: 'Muster^Maria', id: 'P-0' },
  requestedAt: '2026-11-23T10:00:00.000Z',
  savedAt: '2026-11-23T10:00:01.000Z',
  requestedMs: 120_000,
  savedMs: 72_000,
  truncated: true,
  bytes: 72_000_000,
  gaps: 0,
  keep: false,
  held: false,
  consent: 'given',
};

export const sampleStation: StationView = {
  stationId: 'or-1',
  name: 'OP 1',
  online: true,
  software: '0',
  at: '2026-11-23T10:00:00.000Z',
  windowMs: 900_000,
  procedureId: null,
  brokerOk: true,
  spooledFragments: 0,
  sources: [],
  conversation: { rights: ['speak', 'draw'] },
};
