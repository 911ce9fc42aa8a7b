import type { AlarmView, AuditView, Negotiated } from '@smartbox/contracts';
import { ago } from './fixture-data.ts';

export const alarms: AlarmView[] = [
  {
    code: 'source-no-signal',
    stationId: 'or-2',
    sourceId: 'endoscope',
    reason: 'am Eingang liegt kein Bild an',
    at: ago(95_000),
    firstAt: ago(700_000),
    times: 3,
    over: false,
  },
  {
    code: 'delivery-failed',
    reason: 'archive: 127.0.0.1:11112 refused the connection',
    at: ago(600_000),
    firstAt: ago(600_000),
    times: 1,
    over: false,
  },
  {
    code: 'broker-lost',
    stationId: 'or-1',
    reason: 'the station keeps 12 fragments until the broker is back',
    at: ago(4_000_000),
    firstAt: ago(4_000_000),
    times: 1,
    over: true,
    acknowledged: { by: 'local', at: ago(3_900_000) },
  },
];

export const audit: AuditView[] = [
  { at: ago(60_000), actor: 'local', action: 'clip.annotate', detail: { fields: ['description'] } },
  { at: ago(240_000), actor: 'local', action: 'clip.save', detail: { stationId: 'or-1', pressedAt: 'desk' } },
  { at: ago(2_500_000), actor: 'local', action: 'procedure.start', detail: { stationId: 'or-1', emergency: true } },
];

export const negotiated: Negotiated = {
  at: ago(300_000),
  role: 'scp',
  contexts: [
    {
      abstractSyntax: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
      transferSyntaxes: ['1.2.840.10008.1.2.4.102'],
      accepted: '1.2.840.10008.1.2.4.102',
      result: 0,
    },
    {
      abstractSyntax: '1.2.840.10008.5.1.4.1.1.77.1.1',
      transferSyntaxes: ['1.2.840.10008.1.2.4.201'],
      result: 4,
    },
  ],
  maxPduBytes: 131_072,
  tls: false,
  implementationVersion: 'OFFIS_DCMTK_367',
};
