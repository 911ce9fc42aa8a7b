import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Token } from '@smartbox/contracts';
import type { AccountRole, ApiTokenView } from '@smartbox/contracts';
import { IconKey } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refused } from '../account/EntryFrame.tsx';
import { accessApi } from '../api/access.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dateTime, dayTime } from '../format/dates.ts';
import { DayField } from '../ui/DayField.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Admin.module.css';
import { Confirm } from './Confirm.tsx';
import { deviceLooks } from './looks.ts';
import { Rights, RolesField, roomsOf, RoomsField } from './RightsFields.tsx';
import { Secret } from './Secret.tsx';

const key = ['tokens'] as const;

/** What other systems sign in with. */
export function TokensPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const tokens = useQuery({ queryKey: key, queryFn: accessApi.tokens });
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<{ token: string; view: ApiTokenView }>();
  const [revoked, setRevoked] = useState<ApiTokenView>();
  const refresh = () => client.invalidateQueries({ queryKey: key });
  const revoke = useMutation({
    mutationFn: (token: ApiTokenView) => accessApi.revokeToken(token.tokenId),
    onSuccess: () => setRevoked(undefined),
    onSettled: refresh,
  });
  return (
    <>
      <PageTitle title={t('app.tokens')}>
        <Button
          leftSection={<IconKey size={18} aria-hidden />}
          onClick={() => setCreating(true)}
          data-testid="new-token"
        >
          {t('admin.newToken')}
        </Button>
      </PageTitle>
      {tokens.data ? (
        tokens.data.length === 0 ? (
          <Empty title={t('admin.noTokens')} />
        ) : (
          <div className={panel.tableWrap}>
            <table className={`${panel.table} ${classes.stacked}`} data-testid="tokens">
              <thead>
                <tr>
                  <th className={panel.wide}>{t('admin.tokenName')}</th>
                  <th>{t('admin.roles')}</th>
                  <th>{t('admin.expires')}</th>
                  <th>{t('admin.lastUsed')}</th>
                  <th>{t('admin.state')}</th>
                  <th>
                    <span className="visually-hidden">{t('admin.revoke')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.data.map((token) => (
                  <TokenRow key={token.tokenId} token={token} onRevoke={() => setRevoked(token)} />
                ))}
              </tbody>
            </table>
          </div>
        )
      ) : tokens.isPending ? (
        <Loading />
      ) : (
        <Failed error={tokens.error} onRetry={() => void tokens.refetch()} />
      )}
      <Modal
        opened={creating}
        onClose={() => setCreating(false)}
        title={t('admin.newToken')}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        size="lg"
      >
        {creating && (
          <TokenFields
            onMade={(one) => {
              setCreating(false);
              setMade(one);
              void refresh();
            }}
          />
        )}
      </Modal>
      <Secret
        shown={
          made && {
            title: t('admin.tokenTitle', { name: made.view.name }),
            hint: t('admin.tokenHint'),
            secret: made.token,
          }
        }
        onClose={() => setMade(undefined)}
      />
      <Confirm
        open={revoked !== undefined}
        title={t('admin.revoke')}
        question={t('admin.revokeQuestion', { name: revoked?.name ?? '' })}
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoked && revoke.mutate(revoked)}
        onClose={() => setRevoked(undefined)}
      />
    </>
  );
}

function TokenRow({ token, onRevoke }: { token: ApiTokenView; onRevoke: () => void }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow(60_000);
  const { name, roles, stations, expiresAt, lastUsedAt, revokedAt, createdBy } = token;
  const expired = expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime();
  const look = revokedAt !== undefined ? 'revoked' : expired ? 'expired' : 'active';
  return (
    <tr data-testid={`token-${name}`}>
      <td>
        <span className={panel.strong}>{name}</span>
        <div className={panel.soft}>{t('admin.by', { name: createdBy })}</div>
      </td>
      <td>
        <Rights roles={roles} stations={stations} />
      </td>
      <td data-label={t('admin.expires')}>
        {expiresAt === undefined ? t('admin.forever') : dateTime(expiresAt, locale)}
      </td>
      <td data-label={t('admin.lastUsed')}>
        {lastUsedAt === undefined ? t('admin.never') : dayTime(lastUsedAt, locale, now)}
      </td>
      <td>
        <Badge look={deviceLooks[look]} text={t(`admin.${look}`)} size="sm" />
      </td>
      <td>
        {look !== 'revoked' && (
          <Button size="xs" variant="default" onClick={onRevoke} aria-label={t('admin.revokeOf', { name })}>
            {t('admin.revoke')}
          </Button>
        )}
      </td>
    </tr>
  );
}

function TokenFields({ onMade }: { onMade: (made: { token: string; view: ApiTokenView }) => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: { name: '', roles: ['integrator'] as AccountRole[], stations: [] as string[], expires: '' },
    validate: {
      name: (value) => (Token.safeParse(value).success ? null : t('admin.tokenNameHint')),
      roles: (value) => (value.length === 0 ? t('access.needed') : null),
    },
  });
  const create = useMutation({
    mutationFn: ({ name, roles, stations, expires }: typeof form.values) =>
      accessApi.createToken({
        name,
        roles,
        stations: roomsOf(stations),
        // To the end of that day.
        ...(expires === '' ? {} : { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
      }),
    onSuccess: onMade,
  });
  return (
    <form noValidate onSubmit={form.onSubmit((values) => create.mutate(values))}>
      <Stack>
        <Refused text={create.error ? errorText(create.error) : undefined} />
        <TextInput
          label={t('admin.tokenName')}
          description={t('admin.tokenNameHint')}
          autoComplete="off"
          spellCheck={false}
          data-testid="token-name"
          {...form.getInputProps('name')}
        />
        <RolesField input={form.getInputProps('roles')} />
        <RoomsField input={form.getInputProps('stations')} />
        <DayField
          label={t('admin.expires')}
          description={t('admin.expiresHint')}
          min={new Date().toISOString().slice(0, 10)}
          testId="token-expires"
          value={form.values.expires}
          onChange={(day) => form.setFieldValue('expires', day)}
        />
        <Button type="submit" loading={create.isPending} data-testid="token-create">
          {t('admin.create')}
        </Button>
      </Stack>
    </form>
  );
}
