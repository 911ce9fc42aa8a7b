import type { StationSettings, StationView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import panel from '../../ui/Panel.module.css';
import { ConfigNote } from '../ConfigNote.tsx';
import classes from './Devices.module.css';
import { piecesOf } from './station-yaml.ts';
import type { Chosen, Piece } from './station-yaml.ts';
import { TextForFile } from './TextForFile.tsx';

interface Props {
  station: StationView;
  settings: StationSettings | undefined;
  chosen: readonly Chosen[];
}

/** The exact text for the station's file. The file is the truth: it is changed by a person, not from here. */
export function StationFile({ station, settings, chosen }: Props) {
  const { t } = useTranslation();
  const file = `stations/${station.stationId}.yaml`;
  const pieces = piecesOf(station, settings, chosen);
  return (
    <section className={panel.panel} id="station-file" data-testid="station-file">
      <h2>{t('cameras.file')}</h2>
      <ConfigNote area="stations" path={file} />
      {pieces.length === 0 ? (
        <p className={panel.soft}>{t('cameras.fileNone')}</p>
      ) : (
        <>
          {pieces.map((piece) => (
            <PieceOfFile key={piece.kind === 'change' ? piece.sourceId : piece.kind} piece={piece} file={file} />
          ))}
          <p className={classes.after}>{t('cameras.fileRestart')}</p>
        </>
      )}
    </section>
  );
}

function PieceOfFile({ piece, file }: { piece: Piece; file: string }) {
  const { t } = useTranslation();
  const say = {
    file: () => t('cameras.fileWhole', { file }),
    add: () => t('cameras.fileAdd', { file }),
    change: () => t('cameras.fileChange', { file, source: piece.kind === 'change' ? piece.sourceId : '' }),
  };
  return (
    <>
      <p>{say[piece.kind]()}</p>
      <TextForFile text={piece.text} label={`config/${file}`} />
      {piece.kind === 'change' && piece.withoutSize && <p>{t('cameras.fileWithoutSize')}</p>}
    </>
  );
}
