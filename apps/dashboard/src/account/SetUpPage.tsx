import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { AccountName } from '@smartbox/contracts';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { accessApi } from '../api/access.ts';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './Entry.module.css';
import { EntryFrame, Refused } from './EntryFrame.tsx';
import { useSession } from './session.ts';

/** The first account, an administrator: from then on signing in is needed. */
export function SetUpPage() {
  const { t } = useTranslation();
  const access = useSession().view?.access;
  if (access === 'accounts') {
    return (
      <EntryFrame title={t('setUp.exists')}>
        <div className={classes.form}>
          <Button component={Link} to="/">
            {t('app.toRooms')}
          </Button>
        </div>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title={t('setUp.title')} hint={t('setUp.hint')}>
      <FirstAccount withCode={access === 'set-up'} />
    </EntryFrame>
  );
}

function FirstAccount({ withCode }: { withCode: boolean }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const needed = (value: string) => (value.trim() === '' ? t('access.needed') : null);
  const form = useForm({
    initialValues: { code: '', displayName: '', name: '', password: '', again: '' },
    validate: {
      code: (value) => (withCode ? needed(value) : null),
      displayName: needed,
      name: (value) => (AccountName.safeParse(value).success ? null : t('access.nameHint')),
      password: needed,
      again: (value, { password }) => (value === password ? null : t('access.different')),
    },
  });
  const create = useMutation({
    mutationFn: accessApi.setUp,
    // A page of its own again: what was shown before belonged to nobody.
    onSuccess: () => location.assign('/admin/accounts'),
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(({ code, name, displayName, password }) =>
        create.mutate({ ...(withCode ? { code: code.trim() } : {}), name, displayName, password }),
      )}
    >
      <Refused text={create.error ? errorText(create.error) : undefined} />
      {withCode && (
        <TextInput
          label={t('setUp.code')}
          description={t('setUp.codeHint')}
          autoComplete="off"
          data-testid="set-up-code"
          {...form.getInputProps('code')}
        />
      )}
      <TextInput
        label={t('setUp.display')}
        autoComplete="name"
        data-testid="set-up-display"
        {...form.getInputProps('displayName')}
      />
      <TextInput
        label={t('access.name')}
        description={t('access.nameHint')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        data-testid="set-up-name"
        {...form.getInputProps('name')}
      />
      <PasswordInput
        label={t('access.password')}
        description={t('access.passwordHint')}
        autoComplete="new-password"
        data-testid="set-up-password"
        {...form.getInputProps('password')}
      />
      <PasswordInput
        label={t('access.repeat')}
        autoComplete="new-password"
        data-testid="set-up-again"
        {...form.getInputProps('again')}
      />
      <Button type="submit" loading={create.isPending} data-testid="set-up">
        {t('setUp.submit')}
      </Button>
    </form>
  );
}
