import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import { useErrorText } from '../app/useErrorText.ts';
import type { ConversationState } from './conversation.ts';

const known = ['conversation-closed', 'conversation-not-allowed', 'no-procedure', 'no-webrtc'] as const;

/** What stands in the way of taking part or of being heard, as a person should read it. */
export function useTroubleText(): (state: ConversationState) => string | undefined {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return ({ phase, error, trouble }) => {
    if (phase === 'again') return t('conversation.trouble.again');
    if (trouble !== undefined) return t(`conversation.trouble.${trouble}`);
    if (error === undefined) return undefined;
    const code = error instanceof ApiError ? known.find((one) => one === error.code) : undefined;
    return code ? t(`conversation.trouble.${code}`) : errorText(error);
  };
}
