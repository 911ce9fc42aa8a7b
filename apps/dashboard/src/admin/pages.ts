import {
  IconCalendarOff,
  IconDeviceTablet,
  IconKey,
  IconMailOff,
  IconServer,
  IconShieldLock,
  IconUsers,
  IconVideo,
  IconWebhook,
} from '@tabler/icons-react';

/** The pages of the administration, in the order of their tabs. */
export const adminPages = [
  { to: '/admin/stations', key: 'stations', icon: IconVideo, needs: 'admin.system' },
  { to: '/admin/destinations', key: 'destinations', icon: IconServer, needs: 'delivery.read' },
  { to: '/admin/retention', key: 'retention', icon: IconCalendarOff, needs: 'admin.system' },
  { to: '/admin/webhooks', key: 'webhooks', icon: IconWebhook, needs: 'delivery.read' },
  { to: '/admin/given-up', key: 'deadLetters', icon: IconMailOff, needs: 'admin.system' },
  { to: '/admin/accounts', key: 'accounts', icon: IconUsers, needs: 'admin.accounts' },
  { to: '/admin/tokens', key: 'tokens', icon: IconKey, needs: 'admin.accounts' },
  { to: '/admin/panels', key: 'panels', icon: IconDeviceTablet, needs: 'admin.accounts' },
  { to: '/admin/audit', key: 'audit', icon: IconShieldLock, needs: 'audit.read' },
] as const;
