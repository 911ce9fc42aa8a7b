import { IconArrowLeft, IconHandClick, IconTrashX } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { LanguageSwitch } from '../ui/Switches.tsx';
import { bind, boundActions, defaultBindings, isBindable, keyId, keyLabel, unbind } from './bindings.ts';
import type { BoundAction, Press } from './bindings.ts';
import { KeyPresses } from './key-presses.ts';
import classes from './Keys.module.css';
import { Ruler } from './Ruler.tsx';
import { useBindings } from './useBindings.ts';

/** How long a tried pedal stays marked. */
const SHOWN_MS = 1_500;

/** Set up the pedals of a panel: choose what, press the pedal, try it. */
export function KeysPage() {
  const { t } = useTranslation();
  const { stationId = '' } = useParams();
  const [bindings, setBindings] = useBindings(stationId);
  const [waiting, setWaiting] = useState<{ action: BoundAction; press: Press }>();
  const [refused, setRefused] = useState<string>();
  const [tried, setTried] = useState<{ action: string; at: number }>();

  const presses = useMemo(
    () => new KeyPresses(bindings, (action) => setTried({ action: action.do, at: Date.now() })),
    [bindings],
  );
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (!waiting) {
        if (isBindable(event) && presses.down(event)) event.preventDefault();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (event.repeat) return;
      if (event.key === 'Escape') return setWaiting(undefined);
      if (!isBindable(event)) return setRefused(keyLabel(keyId(event)));
      setRefused(undefined);
      setBindings(bind(bindings, { ...waiting, key: keyId(event) }));
      setWaiting(undefined);
    };
    const up = (event: KeyboardEvent) => {
      if (!waiting) presses.up(event);
    };
    window.addEventListener('keydown', down, { capture: true });
    window.addEventListener('keyup', up);
    return () => {
      presses.cancel();
      window.removeEventListener('keydown', down, { capture: true });
      window.removeEventListener('keyup', up);
    };
  }, [waiting, bindings, presses, setBindings]);
  useEffect(() => {
    if (!tried) return;
    const timer = setTimeout(() => setTried(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [tried]);

  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <Link to={`/console/${stationId}`} className={classes.button} data-testid="back">
          <IconArrowLeft size={32} aria-hidden />
          {t('app.back')}
        </Link>
        <h1>{t('keys.title')}</h1>
        <LanguageSwitch size="xl" />
      </header>
      <main className={classes.main}>
        <p className={classes.hint}>{t('keys.hint')}</p>
        <ul className={classes.list}>
          {boundActions.map((action) => {
            const binding = bindings.find((one) => one.action === action);
            const isWaiting = waiting?.action === action;
            return (
              <li key={action} data-tried={tried?.action === action} data-testid={`binding-${action}`}>
                <span className={classes.action}>{t(`keys.action.${action}`)}</span>
                <span className={classes.key}>
                  {binding ? (
                    <>
                      <kbd>{keyLabel(binding.key)}</kbd> {t(`keys.${binding.press}`)}
                    </>
                  ) : (
                    t('keys.none')
                  )}
                </span>
                <span className={classes.buttons}>
                  {(['short', 'long'] as const).map((press) => (
                    <button
                      key={press}
                      type="button"
                      className={classes.button}
                      data-waiting={isWaiting && waiting.press === press}
                      onClick={() => {
                        setRefused(undefined);
                        setWaiting(isWaiting && waiting.press === press ? undefined : { action, press });
                      }}
                      data-testid={`bind-${action}-${press}`}
                    >
                      <IconHandClick size={28} aria-hidden />
                      {isWaiting && waiting.press === press ? t('keys.pressNow') : t(`keys.bind.${press}`)}
                    </button>
                  ))}
                  <button
                    type="button"
                    className={classes.button}
                    disabled={!binding}
                    onClick={() => setBindings(unbind(bindings, action))}
                    aria-label={t('keys.unbind', { action: t(`keys.action.${action}`) })}
                    data-testid={`unbind-${action}`}
                  >
                    <IconTrashX size={28} aria-hidden />
                  </button>
                </span>
              </li>
            );
          })}
        </ul>
        <div className={classes.foot} aria-live="polite">
          <p data-tone={refused === undefined ? 'idle' : 'warn'} data-testid="keys-try">
            {refused !== undefined
              ? t('keys.reserved', { key: refused })
              : tried
                ? t('keys.tried', { action: t(`keys.action.${actionName(tried.action)}`) })
                : t('keys.try')}
          </p>
          <button type="button" className={classes.button} onClick={() => setBindings(defaultBindings)}>
            {t('keys.reset')}
          </button>
        </div>
        <Ruler />
      </main>
    </div>
  );
}

const actionName = (action: string): BoundAction => boundActions.find((one) => one === action) ?? 'choose-length';
