import type { CallerView } from '@smartbox/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation } from 'react-router';
import { Loading } from '../ui/Placeholder.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { PasswordForm } from './PasswordForm.tsx';
import { session, useSession } from './session.ts';
import { SetUpPage } from './SetUpPage.tsx';
import { SignInAgain } from './SignInAgain.tsx';
import { SignInPage } from './SignInPage.tsx';

/** The pages for whoever is signed in; before that the way in. `large`: it is a touch panel. */
export function SessionGate({ large, children }: { large: boolean; children: ReactNode }) {
  const { t } = useTranslation();
  const { view, unreachable, ended } = useSession();
  const { pathname } = useLocation();
  const [typed, setTyped] = useState('');
  useFreshData(view?.caller);
  useKeysWhileEnded();
  // Without the server nobody can be asked who they are; the pages say so themselves, and hold nothing.
  if (!view) return unreachable ? children : <Loading large={large} />;
  const { access, caller, signIn } = view;
  if (!caller) return access === 'set-up' ? <SetUpPage /> : <SignInPage signIn={signIn} large={large} onPassword={setTyped} />; // prettier-ignore
  if (caller.passwordChangeNeeded) {
    return (
      <EntryFrame title={t('signIn.oneTimeTitle')} hint={t('signIn.oneTimeHint')}>
        <PasswordForm
          name={caller.actor}
          currentLabel={t('signIn.oneTime')}
          current={typed}
          submit={t('account.change')}
          onDone={() => setTyped('')}
        />
      </EntryFrame>
    );
  }
  const [station] = caller.stations ?? [];
  if (caller.kind === 'panel' && station !== undefined && !isOfPanel(pathname)) {
    return <Navigate to={`/console/${station}`} replace />;
  }
  return (
    <>
      {children}
      {ended && <SignInAgain view={view} large={large} />}
    </>
  );
}

/** The console, and the trimming of a clip that was just saved. */
const isOfPanel = (pathname: string): boolean => /^\/(console\/|clips\/[^/]+\/edit$)/.test(pathname);

/** What was fetched for one is nothing for another; and what may be seen changes with rights. */
function useFreshData(caller: CallerView | undefined): void {
  const client = useQueryClient();
  const seen = caller && JSON.stringify([caller.actor, caller.permissions, caller.stations, caller.opened]);
  const before = useRef(seen);
  useEffect(() => {
    if (before.current === seen) return;
    if (seen === undefined) client.clear();
    else if (before.current !== undefined) void client.invalidateQueries();
    before.current = seen;
  }, [client, seen]);
}

/**
 * While the session has ended nothing is pressed behind the sign-in: neither a key of the console nor the Escape of a
 * dialog, which would throw away what was typed. Registered before any of them.
 */
function useKeysWhileEnded(): void {
  useEffect(() => {
    const stop = (event: KeyboardEvent) => {
      if (session.get().ended && event.key !== 'Tab') event.stopImmediatePropagation();
    };
    for (const kind of ['keydown', 'keyup'] as const) window.addEventListener(kind, stop, true);
    return () => {
      for (const kind of ['keydown', 'keyup'] as const) window.removeEventListener(kind, stop, true);
    };
  }, []);
}
