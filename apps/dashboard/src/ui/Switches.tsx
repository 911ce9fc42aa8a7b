import { SegmentedControl, VisuallyHidden, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { languages, setLanguage } from '../i18n/index.ts';
import type { Language } from '../i18n/index.ts';
import classes from './Switches.module.css';

export function LanguageSwitch({ size = 'sm' }: { size?: 'sm' | 'xl' }) {
  const { t, i18n } = useTranslation();
  return (
    <SegmentedControl
      size={size}
      {...(size === 'xl' ? { classNames: { label: classes.large ?? '' } } : {})}
      aria-label={t('app.language')}
      data-testid="language"
      value={i18n.language}
      onChange={(language) => void setLanguage(language as Language)}
      data={languages.map((language) => ({
        value: language,
        label: (
          <>
            <span aria-hidden>{language.toUpperCase()}</span>
            <VisuallyHidden>{t(language === 'de' ? 'app.german' : 'app.english')}</VisuallyHidden>
          </>
        ),
      }))}
    />
  );
}

const schemes = [
  { value: 'light', icon: IconSun },
  { value: 'auto', icon: IconDeviceDesktop },
  { value: 'dark', icon: IconMoon },
] as const;

export function SchemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      size="sm"
      aria-label={t('app.scheme')}
      data-testid="scheme"
      value={colorScheme}
      onChange={(scheme) => setColorScheme(scheme)}
      data={schemes.map(({ value, icon: Icon }) => ({
        value,
        label: (
          <>
            <Icon size={16} style={{ display: 'block', margin: '2px auto' }} aria-hidden />
            <VisuallyHidden>{t(`app.${value}`)}</VisuallyHidden>
          </>
        ),
      }))}
    />
  );
}
