import { useTranslation } from 'react-i18next';
import { hasText } from '../i18n/index.ts';

/** Who and what of an entry of the audit, in words; what has none is shown as it is written. */
export function useAuditText(): { actor: (actor: string) => string; action: (action: string) => string } {
  const { t } = useTranslation();
  return {
    actor: (actor) => {
      const [kind = '', ...rest] = actor.split(':');
      const key = `auditLog.actor.${kind}` as 'auditLog.actor.panel';
      return hasText(key) ? t(key, { name: rest.join(':') }) : actor;
    },
    action: (action) => {
      const key = [`auditLog.action.${action}`, `audit.action.${action}`].find(hasText);
      return key === undefined ? action : t(key as 'audit.action.clip.save');
    },
  };
}
