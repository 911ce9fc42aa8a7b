import type { Recipe } from '@smartbox/contracts';
import type { SessionLimits } from './domain/access/session-rules.ts';
import type { AuditSource } from './domain/audit/atna.ts';

/** What controllers need of the configuration. */
export interface Settings {
  version: string;
  streamingUrl: string;
  liveTokenSecret: string;
  dashboardDir: string;
  locale: 'de' | 'en';
  timeZone: string;
  recipes: readonly Recipe[];
  /** Where browsers reach us, without a slash at the end. */
  publicUrl: string;
  sessionLimits: SessionLimits;
  auditSource: AuditSource;
  auditRetentionDays: number;
}
export const SETTINGS = Symbol('settings');
