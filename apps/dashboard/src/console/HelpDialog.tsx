import { IconKeyboard } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { keyLabel } from '../keys/bindings.ts';
import { useBindings } from '../keys/useBindings.ts';
import { LanguageSwitch } from '../ui/Switches.tsx';
import { ConsoleDialog, KeysTable } from './Dialogs.tsx';
import classes from './Dialogs.module.css';

export function HelpDialog({ stationId, open, onClose }: { stationId: string; open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [bindings] = useBindings(stationId);
  return (
    <ConsoleDialog open={open} onClose={onClose} title={t('console.help')} size="900px">
      <KeysTable />
      <dl className={classes.keys}>
        {bindings.map(({ action, key, press }) => (
          <div key={action}>
            <dt>
              <kbd>{keyLabel(key)}</kbd>
            </dt>
            <dd>
              {t(`keys.action.${action}`)} ({t(`keys.${press}`)})
            </dd>
          </div>
        ))}
      </dl>
      <p className={classes.text}>{t('console.pedal')}</p>
      <div className={classes.helpFoot}>
        <Link to={`/console/${stationId}/keys`} className={classes.secondary} data-testid="open-keys">
          <IconKeyboard size={32} aria-hidden />
          {t('keys.title')}
        </Link>
        <LanguageSwitch size="xl" />
      </div>
    </ConsoleDialog>
  );
}
