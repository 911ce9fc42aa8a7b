import type { CloudEvent, EventData, EventName } from '@smartbox/contracts';
import { deterministicId } from '@smartbox/kernel';
import type { AuditAction } from '../domain/audit/actions.ts';
import { writeAudit } from './audit.ts';
import type { Tx } from './database.ts';

type LiveEvent = Extract<EventName, `streaming.${string}`>;

export interface LiveNote {
  name: LiveEvent;
  event: Pick<CloudEvent, 'data' | 'time'>;
}

export const isStreaming = (name: EventName): name is LiveEvent => name.startsWith('streaming.');

/** What the audit calls it. */
const actions: Record<LiveEvent, AuditAction> = {
  'streaming.viewer.joined': 'live.watch',
  'streaming.viewer.left': 'live.leave',
  'streaming.conversation.joined': 'conversation.join',
  'streaming.conversation.left': 'conversation.leave',
  'streaming.speech.began': 'conversation.speak',
  'streaming.speech.ended': 'conversation.speak.end',
  'streaming.drawing.began': 'conversation.draw',
  'streaming.drawing.ended': 'conversation.draw.end',
};

/** Who watched, spoke or drew where, and whom it concerned: once in the audit, however often the event is read. */
export async function noteLive(tx: Tx, { name, event: { data, time } }: LiveNote): Promise<void> {
  const { who, ...detail } = data as EventData<LiveEvent>;
  const at = new Date(time);
  const audit = { actor: who, action: actions[name], detail, stationId: detail.stationId };
  if ('viewerId' in detail) {
    const { stationId } = detail;
    const watched = await tx.procedure.findFirst({
      where: { stationId, startedAt: { lte: at }, OR: [{ endedAt: null }, { endedAt: { gte: at } }] },
      select: { procedureId: true },
    });
    const place = watched ? { procedureId: watched.procedureId } : {};
    return writeAudit(tx, stationId, { ...audit, ...place }, at, deterministicId(name, detail.viewerId));
  }
  const act = 'act' in detail ? [String(detail.act)] : [];
  const id = deterministicId(name, detail.personId, ...act);
  return writeAudit(tx, `procedure/${detail.procedureId}`, audit, at, id);
}
