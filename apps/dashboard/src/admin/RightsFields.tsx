import { Checkbox, MultiSelect, Stack, Text } from '@mantine/core';
import type { GetInputPropsReturnType } from '@mantine/form';
import { AccountRole } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useStations } from '../api/queries.ts';
import classes from './Admin.module.css';

/** The roles that may be given, each with what it is for. */
export function RolesField({ input }: { input: GetInputPropsReturnType }) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group label={t('admin.roles')} {...input}>
      <Stack gap={8} mt={6}>
        {AccountRole.options.map((role) => (
          <Checkbox
            key={role}
            value={role}
            label={t(`access.role.${role}`)}
            description={t(`access.roleHint.${role}`)}
            data-testid={`role-${role}`}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

/** Rooms that an account or a token is limited to. */
export function RoomsField({ input }: { input: GetInputPropsReturnType }) {
  const { t } = useTranslation();
  const { data: stations = [] } = useStations();
  const data = stations.map(({ stationId, name }) => ({ value: stationId, label: name }));
  return (
    <MultiSelect
      label={t('access.rooms')}
      description={t('access.roomsHint')}
      data={data}
      searchable
      clearable
      data-testid="rooms"
      {...input}
    />
  );
}

/** Roles and rooms as they stand, in a table. */
export function Rights({ roles, stations }: { roles: readonly AccountRole[]; stations: readonly string[] | null }) {
  const { t } = useTranslation();
  const { data: known = [] } = useStations();
  const nameOf = (stationId: string) => known.find((one) => one.stationId === stationId)?.name ?? stationId;
  return (
    <div className={classes.chips}>
      {roles.map((role) => (
        <span key={role} className={classes.chip}>
          {t(`access.role.${role}`)}
        </span>
      ))}
      <Text size="sm" c="dimmed">
        {stations === null ? t('access.everyRoom') : stations.map(nameOf).join(', ')}
      </Text>
    </div>
  );
}

/** What the fields hold, as the interface takes it: no room chosen is every room. */
export const roomsOf = (chosen: string[]): string[] | null => (chosen.length === 0 ? null : chosen);
