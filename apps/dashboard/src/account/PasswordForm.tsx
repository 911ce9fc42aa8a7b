import { Button, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './Entry.module.css';
import { Refused } from './EntryFrame.tsx';
import { session } from './session.ts';

interface Props {
  /** Of the account, for the browser's password store. */
  name: string;
  currentLabel: string;
  current?: string;
  submit: string;
  onDone?: () => void;
}

/** Another password for the own account. */
export function PasswordForm({ name, currentLabel, current = '', submit, onDone }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: { current, next: '', again: '' },
    validate: {
      current: (value) => (value === '' ? t('access.needed') : null),
      next: (value) => (value === '' ? t('access.needed') : null),
      again: (value, { next }) => (value === next ? null : t('access.different')),
    },
  });
  const change = useMutation({
    mutationFn: accessApi.changePassword,
    onSuccess: (view) => {
      form.setValues({ current: '', next: '', again: '' });
      onDone?.();
      session.accept(view);
    },
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit((values) => change.mutate({ current: values.current, next: values.next }))}
    >
      <Refused text={change.error ? errorText(change.error) : undefined} />
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      <PasswordInput
        label={currentLabel}
        autoComplete="current-password"
        data-testid="password-current"
        {...form.getInputProps('current')}
      />
      <PasswordInput
        label={t('access.newPassword')}
        description={t('access.passwordHint')}
        autoComplete="new-password"
        data-testid="password-next"
        {...form.getInputProps('next')}
      />
      <PasswordInput
        label={t('access.repeat')}
        autoComplete="new-password"
        data-testid="password-again"
        {...form.getInputProps('again')}
      />
      <div>
        <Button type="submit" loading={change.isPending} data-testid="change-password">
          {submit}
        </Button>
      </div>
    </form>
  );
}
