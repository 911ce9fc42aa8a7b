import { SegmentedControl } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useStations } from '../api/queries.ts';
import type { ClipDetail } from '@smartbox/contracts';
import { OfClip } from '../clip/OfClip.tsx';
import panel from '../recordings/Recordings.module.css';
import { Empty } from '../ui/Placeholder.tsx';
import { Editor } from './Editor.tsx';

/** `/clips/:clipId/edit`: cut, enhance, conceal, export. */
export function EditorPage() {
  const { t } = useTranslation();
  const { clipId = '' } = useParams();
  return (
    <>
      <Link to={`/recordings/${clipId}`} className={panel.back} data-testid="back-to-clip">
        <IconArrowLeft size={18} aria-hidden />
        {t('editor.backToClip')}
      </Link>
      <OfClip clipId={clipId}>{(clip) => <Sources clip={clip} />}</OfClip>
    </>
  );
}

function Sources({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const { data: stations } = useStations();
  const station = stations?.find(({ stationId }) => stationId === clip.stationId);
  const names = Object.fromEntries(station?.sources.map(({ sourceId, name }) => [sourceId, name]) ?? []);
  const [chosen, setChosen] = useState(clip.sources[0]?.sourceId);
  const source = clip.sources.find(({ sourceId }) => sourceId === chosen) ?? clip.sources[0];
  if (clip.kind === 'still') return <Empty title={t('editor.still')} />;
  if (!source) return <Empty title={t('clip.notYet')} />;
  return (
    <Editor key={source.sourceId} clip={clip} source={source} names={names}>
      {clip.sources.length > 1 && (
        <SegmentedControl
          aria-label={t('editor.source')}
          value={source.sourceId}
          onChange={setChosen}
          data={clip.sources.map(({ sourceId }) => ({ value: sourceId, label: names[sourceId] ?? sourceId }))}
          data-testid="editor-source"
        />
      )}
    </Editor>
  );
}
