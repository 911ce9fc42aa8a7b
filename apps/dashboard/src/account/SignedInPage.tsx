import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { EntryFrame } from './EntryFrame.tsx';

/** Where the window of the hospital's sign-in ends: the page behind it goes on by itself. */
export function SignedInPage() {
  const { t } = useTranslation();
  useEffect(() => window.close(), []);
  return (
    <EntryFrame title={t('signIn.title')} hint={t('signIn.done')}>
      {null}
    </EntryFrame>
  );
}
