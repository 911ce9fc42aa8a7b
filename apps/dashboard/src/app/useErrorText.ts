import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import { hasText } from '../i18n/index.ts';

/** An error as a person should read it: what happened in words, the stable code for support. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return error instanceof Error ? error.message : t('error.unknown');
    if (error.code === 'network') return t('error.network');
    if (error.code === 'contract') return t('error.contract');
    const key = `access.error.${error.code}` as 'access.error.too-many-attempts';
    if (hasText(key)) return t(key, { seconds: Math.ceil((error.retryAfterMs ?? 0) / 1000) });
    return error.message || t('error.code', { code: error.code });
  };
}
