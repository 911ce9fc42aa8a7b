import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './Entry.module.css';
import { Refused } from './EntryFrame.tsx';
import { session } from './session.ts';

interface Props {
  /** Only this account may come in. */
  name?: string;
  large?: boolean;
  /** There is another way in before it. */
  second?: boolean;
  /** A password that has to be changed at once is needed for that once more. */
  onPassword?: (password: string) => void;
}

/** Name and password of an account of ours. */
export function PasswordSignIn({ name, large = false, second = false, onPassword }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: { name: name ?? '', password: '' },
    validate: {
      name: (value) => (value.trim() === '' ? t('access.needed') : null),
      password: (value) => (value === '' ? t('access.needed') : null),
    },
  });
  const signIn = useMutation({
    mutationFn: accessApi.signIn,
    onSuccess: (view, { password }) => {
      if (view.caller?.passwordChangeNeeded) onPassword?.(password);
      session.accept(view);
    },
    onError: () => form.setFieldValue('password', ''),
  });
  const size = large ? 'xl' : 'md';
  return (
    <form className={classes.form} onSubmit={form.onSubmit((values) => signIn.mutate(values))} noValidate>
      <Refused text={signIn.error ? errorText(signIn.error) : undefined} />
      <TextInput
        size={size}
        label={t('access.name')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        readOnly={name !== undefined}
        data-autofocus={name === undefined ? true : undefined}
        data-testid="sign-in-name"
        {...form.getInputProps('name')}
      />
      <PasswordInput
        size={size}
        label={t('access.password')}
        autoComplete="current-password"
        data-autofocus={name === undefined ? undefined : true}
        data-testid="sign-in-password"
        {...form.getInputProps('password')}
      />
      <Button
        size={size}
        type="submit"
        variant={second ? 'default' : 'filled'}
        loading={signIn.isPending}
        data-testid="sign-in"
      >
        {t('signIn.submit')}
      </Button>
    </form>
  );
}
