import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';

/** An error as a person should read it: what happened in words, the stable code for support. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return error instanceof Error ? error.message : t('error.unknown');
    if (error.code === 'network') return t('error.network');
    if (error.code === 'contract') return t('error.contract');
    return error.message || t('error.code', { code: error.code });
  };
}
