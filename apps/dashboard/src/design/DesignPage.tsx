import { Button, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { ClipState, DeliveryQueueItem } from '@smartbox/contracts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { BufferBar } from '../console/BufferBar.tsx';
import { SaveButton } from '../console/SaveButton.tsx';
import { SaveCard } from '../console/SaveCard.tsx';
import { Journey } from '../ui/Journey.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import { ClipBadge, DeliveryBadge, StateBadge } from '../ui/StateBadge.tsx';
import { LanguageSwitch, SchemeSwitch } from '../ui/Switches.tsx';
import { DeskConversationSamples, RoomConversationSamples } from './conversation-samples.tsx';
import classes from './Design.module.css';
import { sampleClip } from './samples.ts';
import {
  BadgeSamples,
  FeedSamples,
  FilterSamples,
  PanelSwitchSamples,
  PlaceholderSamples,
  ThumbSamples,
  tones,
} from './ui-samples.tsx';

const surfaces = ['bg', 'surface', 'surface-2', 'surface-3', 'accent', 'accent-soft'] as const;
const sources = ['live', 'starting', 'no-signal', 'frozen', 'stale', 'offline', 'unreachable', 'no-room'] as const;
const nothing = () => undefined;

/** Every token, component and state on one page, in the language and the scheme that are chosen: to look at and to test. */
export function DesignPage() {
  const { t } = useTranslation();
  const attempt = { clipId: sampleClip.clipId, seconds: 120, startedAt: Date.parse(sampleClip.requestedAt) };
  return (
    <>
      <PageTitle title={t('design.title')} subtitle={t('design.hint')}>
        <LanguageSwitch />
        <SchemeSwitch />
      </PageTitle>
      <Part title={t('design.colours')}>
        <div className={classes.swatches}>
          {surfaces.map((name) => (
            <div key={name} className={classes.swatch}>
              <span style={{ background: `var(--${name})` }} />
              {name}
            </div>
          ))}
          {tones.map((tone) => (
            <div key={tone} className={classes.tone} data-tone={tone}>
              {tone}
            </div>
          ))}
        </div>
      </Part>
      <Part title={t('design.sourceStates')}>
        <div className={classes.row}>
          {sources.map((state) => (
            <StateBadge key={state} state={state} />
          ))}
        </div>
      </Part>
      <Part title={t('design.clipStates')}>
        <ul className={classes.states}>
          {ClipState.options.map((state) => (
            <li key={state}>
              <ClipBadge state={state} />
              <Journey clip={{ state }} />
              <Journey clip={{ state }} labels />
            </li>
          ))}
        </ul>
      </Part>
      <Part title={t('design.deliveryStates')}>
        <div className={classes.row}>
          {DeliveryQueueItem.shape.state.options.map((state) => (
            <DeliveryBadge key={state} state={state} />
          ))}
        </div>
      </Part>
      <Part title={t('design.badges')}>
        <BadgeSamples />
      </Part>
      <Part title={t('design.badges')} dark>
        <BadgeSamples />
      </Part>
      <Part title={t('design.filters')}>
        <FilterSamples />
      </Part>
      <Part title={t('design.thumbs')}>
        <div className={classes.row}>
          <ThumbSamples />
        </div>
      </Part>
      <Part title={t('design.buttons')}>
        <div className={classes.row}>
          {(['filled', 'default', 'subtle'] as const).map((variant) => (
            <Button key={variant} variant={variant}>
              {variant}
            </Button>
          ))}
          <Button disabled>disabled</Button>
          <Button loading>loading</Button>
        </div>
        <div className={classes.fields}>
          <TextInput label={t('recordings.find')} placeholder={t('recordings.search')} />
          <TextInput label={t('recordings.find')} error={t('error.unknown')} />
          <Select label={t('recordings.state')} placeholder={t('recordings.all')} data={[]} />
          <Switch label={t('clip.keep')} defaultChecked />
          <SegmentedControl aria-label={t('together.view')} data={[t('together.single'), t('together.together')]} />
        </div>
      </Part>
      <Part title={t('design.buffer')}>
        <div className={classes.bars}>
          {[undefined, 0, 400_000, 900_000].map((availableMs) => (
            <BufferBar key={String(availableMs)} availableMs={availableMs} windowMs={900_000} ofWindow />
          ))}
        </div>
      </Part>
      <Part title={t('design.console')} dark>
        <div className={classes.panels}>
          {[undefined, 0, 45_000, 400_000].map((availableMs) => (
            <div key={String(availableMs)} className={classes.save}>
              <SaveButton
                seconds={120}
                availableMs={availableMs}
                disabled={false}
                onSave={nothing}
                onChoose={nothing}
              />
            </div>
          ))}
        </div>
        <div className={classes.panels}>
          <SaveCard attempt={{ ...attempt, startedAt: Date.now() }} clip={undefined} onUndo={nothing} />
          <SaveCard attempt={attempt} clip={sampleClip} onUndo={nothing} />
          <SaveCard
            attempt={{ ...attempt, clipId: 'refused', refused: t('error.network') }}
            clip={undefined}
            onUndo={nothing}
          />
        </div>
      </Part>
      <Part title={t('conversation.title')} dark>
        <RoomConversationSamples />
      </Part>
      <Part title={t('conversation.title')}>
        <div className={classes.panels}>
          <DeskConversationSamples />
        </div>
      </Part>
      <Part title={t('design.feed')}>
        <FeedSamples />
      </Part>
      <Part title={t('design.feed')} dark>
        <FeedSamples large />
      </Part>
      <Part title={t('design.placeholders')}>
        <div className={classes.panels}>
          <PlaceholderSamples />
        </div>
      </Part>
      <Part title={t('design.placeholders')}>
        <div className={classes.panels}>
          <PlaceholderSamples large />
        </div>
        <PanelSwitchSamples />
      </Part>
    </>
  );
}

function Part({ title, children, dark = false }: { title: string; children: ReactNode; dark?: boolean }) {
  return (
    <section className={classes.part} {...(dark ? { 'data-surface': 'dark' } : {})}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
