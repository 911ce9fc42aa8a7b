import type { ClipDetail } from '@smartbox/contracts';
import { Button, SegmentedControl } from '@mantine/core';
import { IconArrowsJoin, IconDeviceFloppy, IconFileExport, IconKeyboard } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Allowed } from '../account/Allowed.tsx';
import { useLocale } from '../app/locale.ts';
import { framesPerSecond, timeOfFrame } from '../clip/frames.ts';
import { dateTime } from '../format/dates.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { useBirthText, usePatientId, usePatientName } from '../ui/PatientText.tsx';
import { CutBar } from './CutBar.tsx';
import classes from './Editor.module.css';
import { EnhancePanel } from './EnhancePanel.tsx';
import { ExportDialog } from './ExportDialog.tsx';
import { FilmTimeline } from './FilmTimeline.tsx';
import { addRegion, changeRegion, edgeLimits, filmFrameOf, keptFrames } from './film.ts';
import { HideLayer } from './HideLayer.tsx';
import { HidePanel, newRegion } from './HidePanel.tsx';
import { KeysDialog } from './KeysDialog.tsx';
import { PartsPanel } from './PartsPanel.tsx';
import type { Look } from './recipes.ts';
import { editWish, sourceName } from './request.ts';
import { Stage } from './Stage.tsx';
import { Transport, timecode } from './Transport.tsx';
import { activePart, useEditor } from './useEditor.ts';
import { useEditorKeys } from './useEditorKeys.ts';
import { useFilm } from './useFilm.ts';
import { useGaps } from './useGaps.ts';
import { useMarkers } from './useMarkers.ts';
import { useLeaveWarning } from './useLeaveWarning.ts';
import { useSave } from './useSave.ts';
import { useView } from './useView.ts';
import { Versions } from './Versions.tsx';

type Tab = 'parts' | 'picture' | 'hide';

interface Props {
  clip: ClipDetail;
  source: ClipDetail['sources'][number];
  names: Record<string, string>;
  /** Choice of the source. */
  children: ReactNode;
}

/** One source of a clip: played, cut, enhanced, concealed, saved as a version of its own. */
export function Editor({ clip, source, names, children }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const idOf = usePatientId();
  const video = useRef<HTMLVideoElement>(null);
  const editor = useEditor(sourceName(clip.clipId, source.sourceId), source.frames);
  const [look, setLook] = useState<Look>();
  const [tab, setTab] = useState<Tab>('parts');
  const [drawing, setDrawing] = useState(false);
  const [name, setName] = useState('');
  const [destinations, setDestinations] = useState<string[]>([]);
  const [exporting, setExporting] = useState(false);
  const [help, setHelp] = useState(false);

  const fps = framesPerSecond(source.frameRate);
  const { gaps, shownGaps } = useGaps(source);
  const kept = keptFrames(editor.draft);
  const film = useFilm({ video, fps, frames: source.frames, gaps, spans: editor.spans });
  const scale = useView(source.frames, film.frame);
  const markers = useMarkers(clip, source, gaps);
  const active = activePart(editor.parts, film.frame);
  const cut = editor.cutAt(film.frame);
  const wish = editWish(editor.draft, { sourceId: source.sourceId, look, name, destinations });
  const save = useSave(clip.clipId, wish);
  const dirty = editor.isCut || look !== undefined;
  useLeaveWarning(dirty && !save.isSaved);
  const sheet = clip.renditions.find((r) => r.sourceId === source.sourceId && r.sprite !== undefined);

  useEditorKeys({ editor, film, scale, frames: source.frames, fps, onHelp: () => setHelp(true) });

  return (
    <div className={classes.editor} data-testid="editor" data-frames={source.frames}>
      <PageTitle
        title={t('editor.title')}
        subtitle={[
          nameOf(clip.patient.name),
          bornOf(clip.patient),
          idOf(clip.patient),
          dateTime(clip.requestedAt, locale),
        ]
          .filter(Boolean)
          .join(' · ')}
      >
        {children}
        <Button
          variant="default"
          size="md"
          leftSection={<IconKeyboard size={20} aria-hidden />}
          onClick={() => setHelp(true)}
          className={classes.keysButton}
        >
          {t('editor.keys')}
        </Button>
        <Button
          component={Link}
          to={`/clips/${clip.clipId}/join`}
          variant="default"
          size="md"
          leftSection={<IconArrowsJoin size={20} aria-hidden />}
          className={classes.compact}
          data-testid="open-join"
        >
          {t('join.open')}
        </Button>
        <Allowed to="clip.export">
          <Button
            variant="default"
            size="md"
            leftSection={<IconFileExport size={20} aria-hidden />}
            onClick={() => setExporting(true)}
            className={classes.compact}
            data-testid="open-export"
          >
            {t('exports.open')}
          </Button>
        </Allowed>
        <Button
          size="md"
          leftSection={<IconDeviceFloppy size={20} aria-hidden />}
          disabled={!dirty}
          loading={save.isPending}
          className={classes.compact}
          onClick={() => save.mutate()}
          title={dirty ? t('editor.saveHint') : t('editor.nothing')}
          data-testid="save-cut"
        >
          {t('editor.save')}
        </Button>
      </PageTitle>
      <div className={classes.columns}>
        <div className={classes.main}>
          <Stage
            clip={clip}
            source={source}
            name={names[source.sourceId] ?? source.sourceId}
            video={video}
            frame={film.frame}
            playing={film.speed !== 0}
            isCut={cut !== undefined}
            look={look}
            compare={tab === 'picture' && look !== undefined}
            onClick={film.toggle}
          >
            <HideLayer
              regions={editor.draft.regions}
              frame={film.frame}
              drawing={drawing && tab === 'hide'}
              editable={tab === 'hide'}
              onDrawn={(rect) => {
                editor.change((d) => addRegion(d, newRegion(source.frames, 0, rect)));
                setDrawing(false);
              }}
              onMove={(id, rect) => editor.change((d) => changeRegion(d, id, { rect }), `move-${id}`)}
            />
          </Stage>
          <Transport
            frame={film.frame}
            filmFrame={filmFrameOf(editor.spans, film.frame)}
            timecode={timecode(film.frame, fps)}
            kept={kept}
            lengthMs={(kept / fps) * 1000}
            speed={film.speed}
            onToggle={film.toggle}
            onStep={film.step}
            onBegin={() => film.seek(editor.spans[0]?.from ?? 0)}
            onEnd={() => film.seek((editor.spans.at(-1)?.to ?? 1) - 1)}
          />
          <CutBar editor={editor} cut={cut} here={film.here} />
          <FilmTimeline
            scale={scale}
            fps={fps}
            total={source.frames}
            frame={film.frame}
            spans={editor.spans}
            parts={editor.parts}
            cuts={editor.cuts}
            active={active}
            limits={(part, edge) => edgeLimits(editor.draft, part, edge)}
            gaps={shownGaps}
            timeOf={(at) => timeOfFrame(at, fps, gaps) * 1000}
            markers={markers}
            regions={editor.draft.regions}
            sheet={sheet?.sprite && { url: sheet.url, sprite: sheet.sprite }}
            onSeek={film.seek}
            onEdge={(index, edge, frame, gesture) => {
              const part = editor.parts[index];
              editor.edge(index, edge, frame, gesture);
              if (!part) return;
              const { from, to } = edgeLimits(editor.draft, part, edge);
              const at = Math.min(Math.max(from, frame), to);
              film.seek(edge === 'from' ? at : at - 1);
            }}
          />
        </div>
        <aside className={classes.side} aria-label={t('editor.tabs')}>
          <section className={panel.panel}>
            <SegmentedControl
              fullWidth
              size="md"
              aria-label={t('editor.tabs')}
              value={tab}
              onChange={(value) => setTab(value)}
              data={[
                { value: 'parts', label: t('editor.tabParts') },
                { value: 'picture', label: t('editor.tabPicture') },
                { value: 'hide', label: t('editor.tabHide') },
              ]}
              data-testid="tabs"
            />
            <div className={classes.tab}>
              {tab === 'parts' && (
                <PartsPanel
                  editor={editor}
                  fps={fps}
                  frame={film.frame}
                  name={name}
                  onName={setName}
                  destinations={destinations}
                  onDestinations={setDestinations}
                  onSeek={film.seek}
                />
              )}
              {tab === 'picture' && <EnhancePanel look={look} onLook={setLook} />}
              {tab === 'hide' && (
                <HidePanel
                  editor={editor}
                  fps={fps}
                  here={film.here}
                  drawing={drawing}
                  onDraw={setDrawing}
                  onSeek={film.seek}
                />
              )}
            </div>
          </section>
          <section className={panel.panel}>
            <h2>{t('versions.title')}</h2>
            <Versions clip={clip} names={names} only={source.sourceId} />
          </section>
        </aside>
      </div>
      <ExportDialog
        opened={exporting}
        onClose={() => setExporting(false)}
        clip={clip}
        source={source}
        names={names}
        regions={editor.draft.regions}
        unsaved={dirty && !save.isSaved}
      />
      <KeysDialog opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}
