import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { de } from './de.ts';
import { en } from './en.ts';

export const languages = ['de', 'en'] as const;
export type Language = (typeof languages)[number];

const STORAGE_KEY = 'smartbox.language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof de };
  }
}

function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value);
}

/** The user's own choice, else the browser's language, else German. */
export function preferredLanguage(stored: string | null, browser: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  for (const tag of browser) {
    const primary = tag.split('-')[0];
    if (isLanguage(primary)) return primary;
  }
  return 'de';
}

/** Locale for dates and numbers: the browser's own region where its language is the one shown. */
export function localeFor(language: string, browser: readonly string[] = navigator.languages): string {
  return browser.find((tag) => tag.split('-')[0] === language) ?? (language === 'de' ? 'de-DE' : 'en-GB');
}

/** Is there a text for a key that is put together at run time? */
export const hasText = (key: string): boolean => i18next.exists(key);

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORAGE_KEY, language);
  await i18next.changeLanguage(language);
}

export async function startI18n(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    resources: { de: { translation: de }, en: { translation: en } },
    lng: preferredLanguage(localStorage.getItem(STORAGE_KEY), navigator.languages),
    fallbackLng: 'de',
    interpolation: { escapeValue: false },
  });
}
