import { useTranslation } from 'react-i18next';
import type { Destination } from '../api/schemas.ts';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { bytes } from '../format/quantities.ts';
import classes from './Destinations.module.css';

/** Names of PS3.6 for what this system sends; another UID is shown as it is. */
const names: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.77.1.1.1': 'Video Endoscopic',
  '1.2.840.10008.5.1.4.1.1.77.1.2.1': 'Video Microscopic',
  '1.2.840.10008.5.1.4.1.1.77.1.4.1': 'Video Photographic',
  '1.2.840.10008.5.1.4.1.1.77.1.1': 'VL Endoscopic',
  '1.2.840.10008.5.1.4.1.1.77.1.2': 'VL Microscopic',
  '1.2.840.10008.5.1.4.1.1.77.1.4': 'VL Photographic',
  '1.2.840.10008.5.1.4.1.1.7.4': 'Multi-frame True Color SC',
  '1.2.840.10008.1.20.1': 'Storage Commitment',
  '1.2.840.10008.1.1': 'Verification',
  '1.2.840.10008.1.2': 'Implicit VR LE',
  '1.2.840.10008.1.2.1': 'Explicit VR LE',
  '1.2.840.10008.1.2.4.50': 'JPEG',
  '1.2.840.10008.1.2.4.100': 'MPEG-2 MP@ML',
  '1.2.840.10008.1.2.4.101': 'MPEG-2 MP@HL',
  '1.2.840.10008.1.2.4.102': 'H.264 4.1',
  '1.2.840.10008.1.2.4.103': 'H.264 4.1 BD',
  '1.2.840.10008.1.2.4.104': 'H.264 4.2',
  '1.2.840.10008.1.2.4.107': 'HEVC Main',
  '1.2.840.10008.1.2.4.108': 'HEVC Main 10',
  '1.2.840.10008.1.2.4.201': 'HTJ2K lossless',
  '1.2.840.10008.1.2.4.202': 'HTJ2K lossless RPCL',
  '1.2.840.10008.1.2.4.203': 'HTJ2K',
};
const nameOf = (uid: string) => names[uid] ?? uid;

/** What the last association with the destination came to: which objects it takes, and in which transfer syntax. */
export function NegotiatedFacts({ negotiated }: { negotiated: Destination['negotiated'] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (!negotiated) return <p className={classes.reason}>{t('negotiated.never')}</p>;
  const { contexts, maxPduBytes, implementationVersion } = negotiated;
  return (
    <details className={classes.negotiated} data-testid="negotiated">
      <summary>
        {t('negotiated.title')} · {t('negotiated.at', { time: dateTime(negotiated.at, locale) })}
      </summary>
      <ul>
        {contexts.map((context) => {
          const syntaxes = context.accepted === undefined ? context.transferSyntaxes : [context.accepted];
          return (
            <li key={`${context.abstractSyntax}/${context.transferSyntaxes.join()}`}>
              {nameOf(context.abstractSyntax)} · {syntaxes.map(nameOf).join(', ')}:{' '}
              <strong data-tone={context.accepted === undefined ? 'bad' : 'good'}>
                {t(context.accepted === undefined ? 'negotiated.refused' : 'negotiated.accepted')}
              </strong>
            </li>
          );
        })}
        <li>
          {t('negotiated.maxPdu')}: {maxPduBytes === 0 ? t('negotiated.unlimited') : bytes(maxPduBytes, locale)}
          {implementationVersion !== undefined && ` · ${t('negotiated.software')}: ${implementationVersion}`}
        </li>
      </ul>
    </details>
  );
}
