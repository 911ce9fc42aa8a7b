import type { Permission } from '@smartbox/contracts';
import { IconLock } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../ui/Placeholder.tsx';
import { useMay } from './session.ts';

/** What a role may not use is not there. */
export function Allowed({ to, children }: { to: Permission; children: ReactNode }) {
  return useMay()(to) ? <>{children}</> : null;
}

/** A page for those who may; for the others it says so, as a link may lead there. */
export function allowed(permission: Permission, Page: ComponentType): ComponentType {
  return function AllowedPage() {
    const { t } = useTranslation();
    if (useMay()(permission)) return <Page />;
    return <Empty title={t('access.notAllowed')} hint={t('access.notAllowedHint')} icon={<IconLock size={44} aria-hidden />} />; // prettier-ignore
  };
}
