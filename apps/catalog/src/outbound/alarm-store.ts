import type { AlarmView } from '@smartbox/contracts';
import type { Audit } from '../application/ports.ts';
import { within, type Reach } from '../domain/access/caller.ts';
import { alarmKey, groupAlarms, isForAdmins, type Alarm } from '../domain/alarm.ts';
import { writeAudit } from './audit.ts';
import type { Database } from './database.ts';

/** How many alarms back a person is told about. */
const LOOK_BACK = 500;
/** Acknowledged ones stay in the list for a day: the next shift sees who has seen them. */
const KEEP_SEEN_MS = 24 * 3_600_000;

/** Alarms with who has seen them. The alarms come from events, what people have seen is kept apart from them. */
export class AlarmStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** `audience`: its rooms, and whether it administers accounts. */
  async list(now: Date, audience: { reach: Reach; admin: boolean }): Promise<AlarmView[]> {
    const [alarms, seen] = await Promise.all([
      this.#db.prisma.alarm.findMany({ orderBy: { sequence: 'desc' }, take: LOOK_BACK }),
      this.#db.prisma.alarmSeen.findMany({ where: { at: { gt: new Date(now.getTime() - 30 * KEEP_SEEN_MS) } } }),
    ]);
    const seenBy = new Map(seen.map(({ key, ...who }) => [key, who]));
    const { reach, admin } = audience;
    const told = alarms.filter(
      ({ code, stationId }) =>
        (admin || !isForAdmins(code)) && (stationId === null ? reach === 'everywhere' : within(reach, stationId)),
    );
    return groupAlarms(told, seenBy)
      .filter((group) => !group.seen || now.getTime() - group.seen.at.getTime() < KEEP_SEEN_MS)
      .map((group) => ({
        code: group.code,
        ...(group.stationId === null ? {} : { stationId: group.stationId }),
        ...(group.sourceId === null ? {} : { sourceId: group.sourceId }),
        reason: group.reason,
        at: group.at.toISOString(),
        firstAt: group.firstAt.toISOString(),
        times: group.times,
        over: group.over,
        ...(group.seen ? { acknowledged: { by: group.seen.actor, at: group.seen.at.toISOString() } } : {}),
      }));
  }

  /** All alarms of the kind and place up to `upTo` are seen; what another screen acknowledged further stays so. */
  async acknowledge(
    alarm: Pick<Alarm, 'code' | 'stationId' | 'sourceId'>,
    upTo: Date,
    audit: Pick<Audit, 'actor'>,
    at: Date,
  ): Promise<void> {
    const key = alarmKey(alarm);
    await this.#db.tx(async (tx) => {
      const known = await tx.alarmSeen.findUnique({ where: { key } });
      if (known && known.upTo >= upTo) return;
      const row = { upTo, at, actor: audit.actor };
      await tx.alarmSeen.upsert({ where: { key }, create: { key, ...row }, update: row });
      const detail = { ...alarm, upTo: upTo.toISOString() };
      const place = alarm.stationId === null ? {} : { stationId: alarm.stationId };
      const entry: Audit = { ...audit, action: 'alarm.acknowledge', detail, ...place };
      await writeAudit(tx, `alarm/${alarm.code}`, entry, at);
    });
  }
}
