import type { ClipView, StationView } from '@smartbox/contracts';
import { IconArrowDown, IconArrowUp, IconCalendarOff, IconCamera, IconGavel } from '@tabler/icons-react';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { bytes, stopwatch } from '../format/quantities.ts';
import { Journey } from '../ui/Journey.tsx';
import panel from '../ui/Panel.module.css';
import { useBirthText, usePatientId, usePatientName } from '../ui/PatientText.tsx';
import { Badge, ClipBadge } from '../ui/StateBadge.tsx';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './Recordings.module.css';
import { direction, isSortable, nextSort } from './sorting.ts';

const removedLook = ['idle', IconCalendarOff] as const;
const heldLook = ['warn', IconGavel] as const;
const features = tableFeatures({});
const column = createColumnHelper<typeof features, ClipView>();

interface Props {
  items: ClipView[];
  stations: readonly StationView[];
  /** '' is newest first. */
  sort: string;
  onSort: (sort: string) => void;
}

export function RecordingsTable({ items, stations, sort, onSort }: Props) {
  const navigate = useNavigate();
  const columns = useColumns(stations);
  const table = useTable({ features, columns, data: items, getRowId: (clip) => clip.clipId });
  return (
    <div className={panel.tableWrap}>
      <table className={`${panel.table} ${classes.table}`} data-testid="recordings">
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const name = header.column.id;
                return (
                  <th
                    key={header.id}
                    data-column={name}
                    {...(isSortable(name) ? { 'aria-sort': direction(sort, name) } : {})}
                  >
                    {isSortable(name) ? (
                      <button
                        type="button"
                        className={classes.sort}
                        onClick={() => onSort(nextSort(sort, name))}
                        data-testid={`sort-${name}`}
                      >
                        <table.FlexRender header={header} />
                        {direction(sort, name) === 'ascending' && <IconArrowUp size={14} aria-hidden />}
                        {direction(sort, name) === 'descending' && <IconArrowDown size={14} aria-hidden />}
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr
              key={row.id}
              data-href
              data-testid={`row-${row.id}`}
              onClick={(event) => {
                if (event.target instanceof HTMLElement && event.target.closest('a, button')) return;
                void navigate(`/recordings/${row.id}`);
              }}
            >
              {row.getAllCells().map((cell) => (
                <td key={cell.id} data-column={cell.column.id}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function useColumns(stations: readonly StationView[]) {
  const { t, i18n } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const idOf = usePatientId();
  return useMemo(
    () =>
      column.columns([
        column.display({
          id: 'duration',
          header: t('recordings.length'),
          cell: ({ row }) => (
            <span className={classes.thumb}>
              <Thumb url={row.original.posterUrl} />
              <span className={classes.length}>
                {row.original.kind === 'still' ? (
                  <IconCamera size={16} aria-label={t('clipKind.still')} />
                ) : row.original.savedMs === undefined ? (
                  '–'
                ) : (
                  stopwatch(row.original.savedMs)
                )}
              </span>
            </span>
          ),
        }),
        column.accessor('patient', {
          header: t('recordings.patient'),
          cell: ({ row }) => (
            <>
              <Link className={classes.patient} to={`/recordings/${row.original.clipId}`}>
                {nameOf(row.original.patient.name)}
              </Link>
              <div className={panel.soft}>
                {[bornOf(row.original.patient), idOf(row.original.patient), row.original.accessionNumber]
                  .filter(Boolean)
                  .join(' · ')}
              </div>
              {row.original.description !== undefined && (
                <div className={classes.described} title={row.original.description}>
                  {row.original.description}
                </div>
              )}
            </>
          ),
        }),
        column.accessor('requestedAt', {
          id: 'requestedAt',
          header: t('recordings.when'),
          cell: ({ getValue }) => <span className={classes.nowrap}>{dayTime(getValue(), locale, new Date())}</span>,
        }),
        column.accessor('stationId', {
          header: t('recordings.room'),
          cell: ({ getValue }) => stations.find((s) => s.stationId === getValue())?.name ?? getValue(),
        }),
        column.accessor('kind', {
          header: t('recordings.kind'),
          cell: ({ row }) => (
            <>
              {t(`clipKind.${row.original.kind}`)}
              {row.original.gaps > 0 && (
                <div className={classes.gaps}>{t('recordings.gaps', { count: row.original.gaps })}</div>
              )}
            </>
          ),
        }),
        column.accessor('bytes', {
          id: 'size',
          header: t('recordings.size'),
          cell: ({ getValue }) => (
            <span className={classes.nowrap}>{getValue() > 0 ? bytes(getValue(), locale) : '–'}</span>
          ),
        }),
        column.accessor('state', {
          header: t('recordings.state'),
          cell: ({ row }) => (
            <span className={classes.state}>
              <ClipBadge state={row.original.state} size="sm" />
              {row.original.removed ? (
                <Badge look={removedLook} text={t('recordings.removed')} size="sm" />
              ) : (
                <Journey clip={row.original} />
              )}
              {row.original.held && <Badge look={heldLook} text={t('hold.title')} size="sm" />}
            </span>
          ),
        }),
      ]),
    // The texts change with the language.
    [i18n.language, locale, stations],
  );
}
