import { archivedProfiles, type ClipDetail, type ExportProfile, type ExportPurpose } from '@smartbox/contracts';
import { Button, Checkbox, Modal, NativeSelect, Radio } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { editApi } from '../api/edits.ts';
import { useDestinations } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { Exports } from './Exports.tsx';
import type { Region } from './film.ts';
import { redactionsOf, spansOf } from './request.ts';
import { NOTHING_KEPT, TeachingOptions } from './TeachingOptions.tsx';
import { editsOf, workKeys } from './work.ts';
import classes from './ExportDialog.module.css';

const groups = [
  ['groupShare', ['mobile', 'streaming', 'webm', 'av1', 'mjpeg']],
  ['groupKeep', ['archive', 'archive-x264', 'original']],
  ['groupPacs', ['pacs', 'hevc', 'mpeg2']],
  ['groupTeaching', ['dicom-teaching']],
] as const satisfies readonly (readonly [string, readonly ExportProfile[]])[];

interface Props {
  opened: boolean;
  onClose: () => void;
  clip: ClipDetail;
  source: ClipDetail['sources'][number];
  names: Record<string, string>;
  regions: readonly Region[];
  /** The cut in hand is not one of the versions. */
  unsaved: boolean;
}

/** Several files of one film at once, and what becomes of them. */
export function ExportDialog({ opened, onClose, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('exports.dialog')}
      size="xl"
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44 }}
      classNames={{ title: classes.title ?? '' }}
      data-testid="export-dialog"
    >
      <ExportForm {...rest} />
    </Modal>
  );
}

function ExportForm({ clip, source, names, regions, unsaved }: Omit<Props, 'opened' | 'onClose'>) {
  const { t } = useTranslation();
  const locale = useLocale();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data: edits = [] } = useQuery(editsOf(clip.clipId));
  const { data: places } = useDestinations();
  const ready = edits.filter((edit) => edit.sourceId === source.sourceId && edit.state === 'ready');
  const [chosen, setChosen] = useState<string>();
  const of = chosen ?? ready[0]?.renditionId ?? '';
  const [profiles, setProfiles] = useState<ExportProfile[]>(['mobile']);
  const [destinations, setDestinations] = useState<string[]>([]);
  const [wanted, setWanted] = useState<ExportPurpose>('care');
  const [deidentify, setDeidentify] = useState(NOTHING_KEPT);

  const list = useRef<HTMLHeadingElement>(null);
  const edit = ready.find(({ renditionId }) => renditionId === of);
  const spans = edit ? (spansOf(edit) ?? []) : [{ from: 0, to: source.frames }];
  const redactions = redactionsOf(regions, spans, edit?.frames ?? source.frames);
  const shown = profiles.filter((profile) => profile !== 'original' || redactions.length === 0);
  const forTeaching = shown.includes('dicom-teaching');
  const purpose = forTeaching ? 'teaching' : wanted;
  const sendable = shown.some((profile) => archivedProfiles.has(profile));

  const start = useMutation({
    mutationFn: () =>
      editApi.createExport(clip.clipId, {
        exportId: ulid(),
        profiles: shown,
        of: edit ? { renditionId: edit.renditionId } : { sourceId: source.sourceId },
        redactions,
        purpose,
        ...(forTeaching ? { deidentify } : {}),
        ...(edit?.name === undefined ? {} : { name: edit.name }),
        ...(sendable && destinations.length > 0 ? { destinations } : {}),
      }),
    onSuccess: async () => {
      notifications.show({ message: t('exports.started') });
      await client.invalidateQueries({ queryKey: workKeys.exports(clip.clipId) });
    },
  });

  useEffect(() => {
    if (start.isSuccess) list.current?.scrollIntoView({ block: 'start' });
  }, [start.isSuccess, start.submittedAt]);

  return (
    <div className={classes.form}>
      {unsaved && (
        <p className={classes.note} data-tone="warn">
          {t('exports.unsaved')}
        </p>
      )}
      <NativeSelect
        label={t('exports.of')}
        size="md"
        value={of}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={[
          { value: '', label: t('exports.ofOriginal', { source: names[source.sourceId] ?? source.sourceId }) },
          ...ready.map(({ renditionId, name, requestedAt }) => ({
            value: renditionId,
            label: t('exports.ofEdit', { name: name ?? dayTime(requestedAt, locale, new Date()) }),
          })),
        ]}
        data-testid="export-of"
      />
      <Checkbox.Group label={t('exports.profiles')} value={shown} onChange={(values) => setProfiles(values)}>
        <div className={classes.groups}>
          {groups.map(([group, members]) => (
            <div key={group} className={classes.group}>
              <h3>{t(`exports.${group}`)}</h3>
              {members.map((profile) => (
                <Checkbox
                  key={profile}
                  value={profile}
                  size="md"
                  className={classes.choice ?? ''}
                  disabled={profile === 'original' && redactions.length > 0}
                  label={t(`profile.${profile}`)}
                  description={t(`profile.${profile}Hint`)}
                  data-testid={`profile-${profile}`}
                />
              ))}
            </div>
          ))}
        </div>
      </Checkbox.Group>
      {redactions.length > 0 && (
        <p className={classes.note} data-tone="busy" data-testid="export-hidden">
          {t('exports.hidden', { count: redactions.length })} {t('exports.hiddenLossless')}
        </p>
      )}
      {sendable && (places?.items.length ?? 0) > 0 && (
        <Checkbox.Group
          label={t('exports.destinations')}
          description={t('exports.destinationsHint')}
          value={destinations}
          onChange={setDestinations}
        >
          <div className={classes.places}>
            {places?.items.map(({ name, title }) => (
              <Checkbox key={name} value={name} label={title} size="md" data-testid={`send-${name}`} />
            ))}
          </div>
        </Checkbox.Group>
      )}
      {forTeaching && <TeachingOptions value={deidentify} onChange={setDeidentify} />}
      <Radio.Group
        label={t('exports.purpose')}
        value={purpose}
        onChange={(value) => setWanted(value === 'teaching' ? 'teaching' : 'care')}
      >
        <div className={classes.places}>
          <Radio value="care" size="md" label={t('exports.care')} disabled={forTeaching} data-testid="purpose-care" />
          <Radio
            value="teaching"
            size="md"
            label={t('exports.teachingPurpose')}
            description={t('exports.teachingHint')}
            data-testid="purpose-teaching"
          />
        </div>
      </Radio.Group>
      {start.error && (
        <p className={classes.note} data-tone="bad" role="alert" data-testid="export-refused">
          {errorText(start.error)}
        </p>
      )}
      <Button
        size="lg"
        disabled={shown.length === 0}
        loading={start.isPending}
        onClick={() => start.mutate()}
        data-testid="start-export"
      >
        {shown.length === 0 ? t('exports.choose') : t('exports.start', { count: shown.length })}
      </Button>
      <h3 ref={list} className={classes.listTitle}>
        {t('exports.title')}
      </h3>
      <Exports clipId={clip.clipId} stationId={clip.stationId} />
    </div>
  );
}
