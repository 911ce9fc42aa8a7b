import { ActionIcon, Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { AccountView } from '@smartbox/contracts';
import { IconDotsVertical, IconUserPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dateTime, dayTime } from '../format/dates.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { AccountDialog } from './AccountDialog.tsx';
import type { Made } from './AccountDialog.tsx';
import classes from './Admin.module.css';
import { accountLooks } from './looks.ts';
import { Rights } from './RightsFields.tsx';
import { Secret } from './Secret.tsx';

const key = ['accounts'] as const;

/** Who has an account, what each may, and what an administrator does about it. */
export function AccountsPage() {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const client = useQueryClient();
  const accounts = useQuery({ queryKey: key, queryFn: accessApi.accounts });
  const [edited, setEdited] = useState<AccountView | 'new'>();
  const [made, setMade] = useState<Made>();
  const refresh = () => client.invalidateQueries({ queryKey: key });
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
    onSettled: refresh,
  });
  const actions: Actions = {
    edit: setEdited,
    reset: ({ accountId }) => act.mutate(async () => setMade(await accessApi.resetPassword(accountId))),
    endSessions: ({ accountId, displayName }) =>
      act.mutate(async () => {
        await accessApi.endAccountSessions(accountId);
        notifications.show({ message: t('admin.ended', { name: displayName }) });
      }),
    toggle: ({ accountId, disabled }) => act.mutate(() => accessApi.changeAccount(accountId, { disabled: !disabled })),
  };
  return (
    <>
      <PageTitle title={t('app.accounts')}>
        <Button
          leftSection={<IconUserPlus size={18} aria-hidden />}
          onClick={() => setEdited('new')}
          data-testid="new-account"
        >
          {t('admin.newAccount')}
        </Button>
      </PageTitle>
      {accounts.data ? (
        accounts.data.length === 0 ? (
          <Empty title={t('admin.noAccounts')} />
        ) : (
          <div className={panel.tableWrap}>
            <table className={`${panel.table} ${classes.stacked}`} data-testid="accounts">
              <thead>
                <tr>
                  <th className={panel.wide}>{t('admin.display')}</th>
                  <th>{t('admin.roles')}</th>
                  <th>{t('admin.lastSignIn')}</th>
                  <th>{t('admin.state')}</th>
                  <th>
                    <span className="visually-hidden">{t('admin.actions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {accounts.data.map((account) => (
                  <AccountRow key={account.accountId} account={account} actions={actions} />
                ))}
              </tbody>
            </table>
          </div>
        )
      ) : accounts.isPending ? (
        <Loading />
      ) : (
        <Failed error={accounts.error} onRetry={() => void accounts.refetch()} />
      )}
      <AccountDialog
        account={edited}
        onClose={() => setEdited(undefined)}
        onMade={(one) => {
          setMade(one);
          void refresh();
        }}
        onChanged={() => {
          notifications.show({ message: t('admin.saved') });
          void refresh();
        }}
      />
      <Secret
        shown={
          made && {
            title: t('admin.oneTimeTitle', { name: made.account.displayName }),
            hint: t('admin.oneTimeHint', { time: dateTime(made.expiresAt, locale) }),
            secret: made.oneTimePassword,
          }
        }
        onClose={() => setMade(undefined)}
      />
    </>
  );
}

type Actions = Record<'edit' | 'reset' | 'endSessions' | 'toggle', (account: AccountView) => void>;

function AccountRow({ account, actions }: { account: AccountView; actions: Actions }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { name, displayName, origin, roles, stations, disabled, passwordChangeNeeded, lastSignInAt, openSessions } =
    account;
  const look = disabled ? 'disabled' : passwordChangeNeeded ? 'oneTime' : 'active';
  return (
    <tr data-testid={`account-${name}`}>
      <td>
        <span className={panel.strong}>{displayName}</span>
        <div className={panel.soft}>
          {name}
          {origin === 'provider' && ` · ${t('admin.provider')}`}
        </div>
      </td>
      <td>
        <Rights roles={roles} stations={stations} />
      </td>
      <td data-label={t('admin.lastSignIn')}>
        {lastSignInAt === undefined ? t('admin.never') : dayTime(lastSignInAt, locale, new Date())}
        {openSessions > 0 && <div className={panel.soft}>{t('admin.signedIn', { count: openSessions })}</div>}
      </td>
      <td>
        <Badge look={accountLooks[look]} text={t(`admin.${look}`)} size="sm" />
      </td>
      <td>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon
              variant="default"
              size={36}
              aria-label={`${t('admin.actions')}: ${displayName}`}
              data-testid={`actions-${name}`}
            >
              <IconDotsVertical size={20} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {origin === 'local' && (
              <>
                <Menu.Item onClick={() => actions.edit(account)}>{t('admin.edit')}</Menu.Item>
                <Menu.Item onClick={() => actions.reset(account)}>{t('admin.reset')}</Menu.Item>
              </>
            )}
            <Menu.Item onClick={() => actions.endSessions(account)} disabled={openSessions === 0}>
              {t('admin.endSessions')}
            </Menu.Item>
            <Menu.Item onClick={() => actions.toggle(account)}>
              {t(disabled ? 'admin.enable' : 'admin.disable')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </td>
    </tr>
  );
}
