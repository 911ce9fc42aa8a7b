import type { ClipDetail } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { IconBracketsContainEnd, IconBracketsContainStart, IconDeviceFloppy } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { ActButton } from '../editor/ActButton.tsx';
import { UndoRedo } from '../editor/CutBar.tsx';
import editor from '../editor/Editor.module.css';
import { Label } from '../editor/Label.tsx';
import { namedAndSent } from '../editor/request.ts';
import { Transport, timecode } from '../editor/Transport.tsx';
import { useLeaveWarning } from '../editor/useLeaveWarning.ts';
import { useSave } from '../editor/useSave.ts';
import { Versions } from '../editor/Versions.tsx';
import { dateTime } from '../format/dates.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import { AddClips } from './AddClips.tsx';
import classes from './Join.module.css';
import { filmFrameAt, filmFrames, placeAt, startOf, stepsOf } from './join.ts';
import { JoinList } from './JoinList.tsx';
import { JoinStage } from './JoinStage.tsx';
import { JoinStrip } from './JoinStrip.tsx';
import { PartTimeline } from './PartTimeline.tsx';
import type { Join } from './useJoin.ts';
import { useJoinKeys } from './useJoinKeys.ts';
import { useJoinPlayer } from './useJoinPlayer.ts';

/** How much of each side is played to look at a joint. */
const JOINT_SECONDS = 2;

interface Props {
  first: ClipDetail;
  join: Join;
  /** Of all parts. */
  clips: ReadonlyMap<string, ClipDetail>;
}

/** Parts in their order, played as the film that they will be, cut at the joints, saved as a version of the first clip. */
export function Joiner({ first, join, clips }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const { data: stations } = useStations();
  const [name, setName] = useState('');
  const [destinations, setDestinations] = useState<string[]>([]);
  const { player, shown, film } = useJoinPlayer(join.parts, clips);

  const { parts } = join;
  const home = clips.get(parts[0]?.clipId ?? '') ?? first;
  const save = useSave(home.clipId, {
    sources: parts.map(({ clipId, sourceId }) => ({ clipId, sourceId })),
    steps: stepsOf(parts),
    ...namedAndSent(name, destinations),
  });
  const joined = parts.length > 1;
  useLeaveWarning(joined && !save.isSaved);
  useJoinKeys({ join, player, film });

  const part = film[shown.part];
  const clip = part && clips.get(parts[shown.part]?.clipId ?? '');
  const source = clip?.sources.find(({ sourceId }) => sourceId === parts[shown.part]?.sourceId);
  const total = filmFrames(film);
  const filmFrame = filmFrameAt(film, shown);
  const seconds = (until: number) =>
    film.slice(0, until).reduce((sum, { from, to, fps }) => sum + (to - from) / fps, 0);
  const lengthMs = seconds(film.length) * 1000;
  const fps = part?.fps ?? 25;
  const names = Object.fromEntries(
    stations?.flatMap(({ sources }) => sources.map(({ sourceId, name: called }) => [sourceId, called])) ?? [],
  );

  return (
    <div className={editor.editor} data-testid="join" data-parts={parts.length}>
      <PageTitle
        title={t('join.title')}
        subtitle={[
          nameOf(first.patient.name),
          bornOf(first.patient),
          `${t('patient.id')} ${first.patient.id}`,
          dateTime(first.requestedAt, locale),
        ]
          .filter(Boolean)
          .join(' · ')}
      >
        <Button
          size="md"
          leftSection={<IconDeviceFloppy size={20} aria-hidden />}
          disabled={!joined || parts.length > 50}
          loading={save.isPending}
          onClick={() => save.mutate()}
          title={t(joined ? 'editor.saveHint' : 'join.addFirst')}
          data-testid="save-join"
        >
          {t('join.save')}
        </Button>
      </PageTitle>
      <div className={editor.columns}>
        <div className={editor.main}>
          <JoinStage player={player} shown={shown} part={part} size={source} filmFrame={filmFrame} />
          <Transport
            frame={filmFrame}
            filmFrame={filmFrame}
            timecode={timecode(filmFrame - startOf(film, shown.part) + Math.round(seconds(shown.part) * fps), fps)}
            kept={total}
            lengthMs={lengthMs}
            speed={shown.playing ? 1 : 0}
            onToggle={player.toggle}
            onStep={player.step}
            onBegin={() => player.seek(placeAt(film, 0))}
            onEnd={() => player.seek(placeAt(film, total))}
          />
          <JoinStrip film={film} clips={clips} parts={parts} shown={shown} onSeek={player.seek} />
          {part && clip && source && (
            <>
              <div className={editor.cutBar} role="toolbar" aria-label={t('editor.part', { part: shown.part + 1 })}>
                <ActButton
                  text={t('join.begin', { part: shown.part + 1 })}
                  testId="set-in"
                  keys="I"
                  act={() => join.begin(part.id, player.here().frame)}
                  icon={IconBracketsContainStart}
                  main
                />
                <ActButton
                  text={t('join.end', { part: shown.part + 1 })}
                  testId="set-out"
                  keys="O"
                  act={() => join.end(part.id, player.here().frame)}
                  icon={IconBracketsContainEnd}
                  main
                />
                <span className={editor.space} />
                <UndoRedo {...join} />
              </div>
              <PartTimeline
                key={`${part.id}/${source.sourceId}`}
                clip={clip}
                source={source}
                part={part}
                number={shown.part + 1}
                frame={shown.frame}
                onSeek={(frame) => player.seek({ part: shown.part, frame })}
                onEdge={(edge, frame, gesture) => join.edge(part.id, edge, frame, gesture)}
              />
            </>
          )}
        </div>
        <aside className={editor.side}>
          <section className={panel.panel} aria-label={t('join.film')}>
            <JoinList
              join={join}
              clips={clips}
              film={film}
              active={shown.part}
              names={names}
              onSeek={player.seek}
              onJoint={(index) => player.watchJoint(index, JOINT_SECONDS)}
            />
          </section>
          <section className={panel.panel}>
            <h2>{t('join.more')}</h2>
            <AddClips procedureId={first.procedureId} parts={parts} onAdd={join.add} full={parts.length >= 50} />
          </section>
          <section className={`${panel.panel} ${classes.label}`} aria-label={t('editor.name')}>
            <Label name={name} onName={setName} destinations={destinations} onDestinations={setDestinations} />
          </section>
          <section className={panel.panel}>
            <h2>{t('versions.title')}</h2>
            {home.clipId !== first.clipId && (
              <p className={editor.hint}>{t('join.home', { time: dateTime(home.requestedAt, locale) })}</p>
            )}
            <Versions clip={home} names={names} />
          </section>
        </aside>
      </div>
    </div>
  );
}
