import { useTranslation } from 'react-i18next';
import { lengthParts } from '../format/quantities.ts';

/** "30 s", "2 Min" in the language shown. */
export function useLengthText(): (seconds: number) => string {
  const { t } = useTranslation();
  return (seconds) => {
    const { value, unit } = lengthParts(seconds);
    return t(unit === 'minute' ? 'console.minute' : 'console.second', { value });
  };
}
