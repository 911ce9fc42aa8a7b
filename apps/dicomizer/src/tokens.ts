/** Injection tokens of the ports. */
export const ANNOUNCEMENTS = Symbol('Announcements');
