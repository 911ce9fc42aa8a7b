/** How long a session lives. */
export interface SessionLimits {
  /** Without any input. */
  idleMs: number;
  /** Whatever happens. */
  absoluteMs: number;
}

export interface SessionTimes {
  createdAt: Date;
  lastSeenAt: Date;
}

/** When it ends whatever happens. */
export const endOf = ({ createdAt }: SessionTimes, { absoluteMs }: SessionLimits): Date =>
  new Date(createdAt.getTime() + absoluteMs);

export const isOver = (session: SessionTimes, limits: SessionLimits, now: Date): boolean =>
  now.getTime() >= endOf(session, limits).getTime() || now.getTime() - session.lastSeenAt.getTime() >= limits.idleMs;

/**
 * When somebody was last there: pages ask by themselves all the time and say how long ago a key was pressed or a
 * pointer moved (`Smartbox-Idle`, whole seconds). Who says nothing, asked just now.
 */
export function lastInput(now: Date, idleHeader: string | undefined): Date {
  const seconds = idleHeader !== undefined && /^\d{1,9}$/.test(idleHeader) ? Number(idleHeader) : 0;
  return new Date(now.getTime() - seconds * 1000);
}
