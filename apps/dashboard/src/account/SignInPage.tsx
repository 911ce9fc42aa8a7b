import { Button, Divider } from '@mantine/core';
import type { SessionView } from '@smartbox/contracts';
import { IconBuildingHospital } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import classes from './Entry.module.css';
import { EntryFrame, Refused } from './EntryFrame.tsx';
import { PairPanel } from './PairPanel.tsx';
import { PasswordSignIn } from './PasswordSignIn.tsx';
import { providerUrl } from './session.ts';

const problems = [
  'no-role',
  'account-disabled',
  'provider-away',
  'provider-refused',
  'provider-answer-invalid',
  'flow-unknown',
] as const;

interface Props {
  signIn: SessionView['signIn'];
  large: boolean;
  onPassword: (password: string) => void;
}

/** The hospital's sign-in where there is one, an account of ours, or a panel that is paired. */
export function SignInPage({ signIn, large, onPassword }: Props) {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const [pairing, setPairing] = useState(false);
  const params = new URLSearchParams(search);
  const code = params.get('sign-in');
  params.delete('sign-in');
  const here = params.size > 0 ? `${pathname}?${params.toString()}` : pathname;
  const problem = code === null ? undefined : (problems.find((known) => known === code) ?? 'other');
  if (pairing) return <PairPanel large={large} onBack={() => setPairing(false)} />;
  return (
    <EntryFrame title={t('signIn.title')} large={large}>
      {problem && (
        <div className={classes.form}>
          <Refused text={t(`signIn.problem.${problem}`)} />
        </div>
      )}
      {signIn.provider && (
        <div className={classes.form}>
          <Button
            component="a"
            href={providerUrl(signIn.provider.startUrl, here)}
            size={large ? 'xl' : 'md'}
            leftSection={<IconBuildingHospital size={22} aria-hidden />}
            data-testid="sign-in-provider"
          >
            {t('signIn.at', { name: signIn.provider.name })}
          </Button>
          <Divider label={t('signIn.or')} />
        </div>
      )}
      <PasswordSignIn large={large} second={signIn.provider !== undefined} onPassword={onPassword} />
      <div className={classes.foot}>
        <Button variant="subtle" size={large ? 'xl' : 'sm'} onClick={() => setPairing(true)} data-testid="pair-panel">
          {t('signIn.panel')}
        </Button>
      </div>
    </EntryFrame>
  );
}
