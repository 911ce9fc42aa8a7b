import { archivedProfiles, type ExportView } from '@smartbox/contracts';
import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDeviceUsb, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { editApi } from '../api/edits.ts';
import { useDestinations } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { useLocale } from '../app/locale.ts';
import { bytes } from '../format/quantities.ts';
import { applyExport } from './work.ts';

/** Where a file that is ready goes besides the browser: into the archive as a DICOM object, onto a stick or a share. */
export function SendExport({ job, stationId, title }: { job: ExportView; stationId: string; title: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [open, setOpen] = useState(false);
  const { data: places } = useDestinations();
  const targets = useQuery({
    queryKey: ['export-targets', stationId],
    queryFn: () => editApi.targets(stationId),
    enabled: open,
  });
  const handlers = {
    onSuccess: (view: ExportView) => applyExport(client, view),
    onError: (error: unknown) => notifications.show({ color: 'red', message: errorText(error), autoClose: false }),
  };
  const archive = useMutation({
    mutationFn: (destination: string) => editApi.archiveExport(job.clipId, job.renditionId, [destination]),
    ...handlers,
  });
  const copy = useMutation({
    mutationFn: (target: string) => editApi.copyExport(job.clipId, job.renditionId, { copyId: ulid(), target }),
    ...handlers,
  });
  const left = archivedProfiles.has(job.profile)
    ? (places?.items ?? []).filter(({ name }) => !job.destinations?.includes(name))
    : [];
  const without = job.profile === 'dicom-teaching' ? 'exports.notThePatients' : 'exports.notForDicom';
  return (
    <Menu opened={open} onChange={setOpen} position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button
          size="sm"
          variant="default"
          leftSection={<IconSend size={18} aria-hidden />}
          loading={archive.isPending || copy.isPending}
          aria-label={`${t('exports.sendOn')}: ${title}`}
          data-testid="send-on"
        >
          {t('exports.sendOn')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('exports.toArchive')}</Menu.Label>
        {left.map(({ name, title: place }) => (
          <Menu.Item
            key={name}
            leftSection={<IconSend size={18} aria-hidden />}
            onClick={() => archive.mutate(name)}
            data-testid={`archive-${name}`}
          >
            {place}
          </Menu.Item>
        ))}
        {left.length === 0 && (
          <Menu.Item disabled>{t(archivedProfiles.has(job.profile) ? 'exports.sentEverywhere' : without)}</Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>{t('exports.toTarget')}</Menu.Label>
        {targets.data?.map((target) => (
          <Menu.Item
            key={target.name}
            leftSection={<IconDeviceUsb size={18} aria-hidden />}
            disabled={target.state !== 'ready'}
            onClick={() => copy.mutate(target.name)}
            data-testid={`copy-${target.name}`}
          >
            {target.title}
            {' · '}
            {target.state === 'ready'
              ? target.freeBytes !== undefined && t('exports.free', { bytes: bytes(target.freeBytes, locale) })
              : t(`exports.target.${target.state}`)}
          </Menu.Item>
        ))}
        {targets.data?.length === 0 && <Menu.Item disabled>{t('exports.noTarget')}</Menu.Item>}
        {targets.isPending && <Menu.Item disabled>{t('app.loading')}</Menu.Item>}
        {targets.error && <Menu.Item disabled>{errorText(targets.error)}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
