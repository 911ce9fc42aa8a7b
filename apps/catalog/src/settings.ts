import type { Recipe } from '@smartbox/contracts';

/** What controllers need of the configuration. */
export interface Settings {
  version: string;
  streamingUrl: string;
  liveTokenSecret: string;
  dashboardDir: string;
  locale: 'de' | 'en';
  timeZone: string;
  recipes: readonly Recipe[];
}
export const SETTINGS = Symbol('settings');
