import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageSwitch, SchemeSwitch } from '../ui/Switches.tsx';
import classes from './Entry.module.css';

interface Props {
  title: string;
  hint?: string;
  /** For a touch panel, read from a step away and pressed with gloves. */
  large?: boolean;
  children: ReactNode;
}

/** What stands where nobody is signed in yet: one card, and the language. */
export function EntryFrame({ title, hint, large = false, children }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.page} data-large={large}>
      <div className={classes.switches}>
        <LanguageSwitch size={large ? 'xl' : 'sm'} />
        {!large && <SchemeSwitch />}
      </div>
      <main className={classes.card}>
        <div className={classes.brand}>
          <img src="/favicon.svg" width={28} height={28} alt="" />
          <span>{t('app.name')}</span>
        </div>
        <h1 className={classes.title}>{title}</h1>
        {hint !== undefined && <p className={classes.hint}>{hint}</p>}
        {children}
      </main>
    </div>
  );
}

/** What was refused, until the next try. */
export function Refused({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p className={classes.problem} data-tone="bad" role="alert" data-testid="refused">
      {text}
    </p>
  );
}
