import { useTranslation } from 'react-i18next';
import { localeFor } from '../i18n/index.ts';

/** The locale of dates and numbers that goes with the language shown. */
export function useLocale(): string {
  return localeFor(useTranslation().i18n.language);
}
