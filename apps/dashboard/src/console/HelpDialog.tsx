import { useTranslation } from 'react-i18next';
import { LanguageSwitch } from '../ui/Switches.tsx';
import { ConsoleDialog, KeysTable } from './Dialogs.tsx';
import classes from './Dialogs.module.css';

export function HelpDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <ConsoleDialog open={open} onClose={onClose} title={t('console.help')} size="860px">
      <KeysTable />
      <p className={classes.text}>{t('console.pedal')}</p>
      <LanguageSwitch size="xl" />
    </ConsoleDialog>
  );
}
