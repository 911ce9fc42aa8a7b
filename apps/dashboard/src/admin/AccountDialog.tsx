import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { AccountName } from '@smartbox/contracts';
import type { AccountRole, AccountView } from '@smartbox/contracts';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Refused } from '../account/EntryFrame.tsx';
import { accessApi } from '../api/access.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { RolesField, roomsOf, RoomsField } from './RightsFields.tsx';

export interface Made {
  account: AccountView;
  oneTimePassword: string;
  expiresAt: string;
}

interface Props {
  /** One that exists; `new`: another one. */
  account: AccountView | 'new' | undefined;
  onClose: () => void;
  onMade: (made: Made) => void;
  onChanged: () => void;
}

export function AccountDialog({ account, onClose, onMade, onChanged }: Props) {
  const { t } = useTranslation();
  const title = typeof account === 'object' ? t('admin.editOf', { name: account.displayName }) : t('admin.newAccount');
  return (
    <Modal
      opened={account !== undefined}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      {account !== undefined && (
        <Fields
          account={account === 'new' ? undefined : account}
          onMade={(made) => {
            onClose();
            onMade(made);
          }}
          onChanged={() => {
            onClose();
            onChanged();
          }}
        />
      )}
    </Modal>
  );
}

interface FieldsProps {
  account: AccountView | undefined;
  onMade: (made: Made) => void;
  onChanged: () => void;
}

function Fields({ account, onMade, onChanged }: FieldsProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: {
      name: account?.name ?? '',
      displayName: account?.displayName ?? '',
      roles: account?.roles ?? ([] as AccountRole[]),
      stations: account?.stations ?? ([] as string[]),
    },
    validate: {
      name: (value) => (account || AccountName.safeParse(value).success ? null : t('access.nameHint')),
      displayName: (value) => (value.trim() === '' ? t('access.needed') : null),
      roles: (value) => (value.length === 0 ? t('access.needed') : null),
    },
  });
  const save = useMutation({
    mutationFn: async ({ name, ...values }: typeof form.values) => {
      const rights = { ...values, stations: roomsOf(values.stations) };
      if (account) await accessApi.changeAccount(account.accountId, rights);
      else onMade(await accessApi.createAccount({ name, ...rights }));
    },
    onSuccess: () => account && onChanged(),
  });
  return (
    <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <Refused text={save.error ? errorText(save.error) : undefined} />
        <TextInput
          label={t('access.name')}
          description={account ? undefined : t('access.nameHint')}
          readOnly={account !== undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-testid="account-name"
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('admin.display')}
          autoComplete="off"
          data-testid="account-display"
          {...form.getInputProps('displayName')}
        />
        <RolesField input={form.getInputProps('roles')} />
        <RoomsField input={form.getInputProps('stations')} />
        <Button type="submit" loading={save.isPending} data-testid="account-save">
          {account ? t('app.save') : t('admin.create')}
        </Button>
      </Stack>
    </form>
  );
}
