import { ClipSaved, ImportClip, SaveClip, StillCaptured } from '@smartbox/contracts';
import type { Audit, ClipRequest, ClipStore as Port, Outgoing } from '../application/ports.ts';
import { writeAudit } from './audit.ts';
import { lockClips, refreshClip } from './clip-writer.ts';
import { json, type Database, type Tx } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';

const noTables = new Set<never>();

/** What people ask and say about clips. */
export class ClipStore implements Port {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async asked(clipId: string): Promise<{ kind: string | null; request: unknown } | undefined> {
    const row = await this.#db.prisma.clipNote.findUnique({ where: { clipId } });
    return row?.request ? { kind: row.kind, request: row.request } : undefined;
  }

  async request(request: ClipRequest, audit: Audit): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      if (await writeRequest(tx, request)) {
        await enqueue([request.command]);
        await writeAudit(tx, `clip/${request.clipId}`, audit, request.requestedAt);
      }
    });
  }

  async openRecording(
    stationId: string,
  ): Promise<{ clipId: string; since: Date; stopRequestedAt: Date | null } | undefined> {
    const row = await this.#db.prisma.clip.findFirst({
      where: { stationId, kind: 'recording', state: { in: ['requested', 'recording'] } },
      orderBy: { requestedAt: 'desc' },
    });
    return row
      ? { clipId: row.clipId, since: row.recordingSince ?? row.requestedAt, stopRequestedAt: row.stoppedAt }
      : undefined;
  }

  async stopRecording(clipId: string, at: Date, command: Outgoing, audit: Audit): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      await lockClips(tx, [clipId]);
      const note = await tx.clipNote.findUnique({ where: { clipId } });
      if (note?.stopRequestedAt) return;
      await tx.clipNote.upsert({
        where: { clipId },
        create: { clipId, stopRequestedAt: at },
        update: { stopRequestedAt: at },
      });
      await refreshClip(tx, clipId, await nextSequence(tx), noTables);
      await enqueue([command]);
      await writeAudit(tx, `clip/${clipId}`, audit, at);
    });
  }

  async annotate(clipId: string, change: { description?: string; keep?: boolean }, audit: Audit): Promise<void> {
    await this.#note(clipId, change, audit, new Date());
  }

  async hide(clipId: string, at: Date, audit: Audit): Promise<void> {
    await this.#note(clipId, { hiddenAt: at }, audit, at);
  }

  async send(commands: readonly Outgoing[], subject: string, audit: Audit): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      await enqueue(commands);
      await writeAudit(tx, subject, audit, new Date());
    });
  }

  async retryable(clipId: string): ReturnType<Port['retryable']> {
    const [clip, note, givenUp, here] = await Promise.all([
      this.#db.prisma.clip.findUnique({ where: { clipId } }),
      this.#db.prisma.clipNote.findUnique({ where: { clipId } }),
      this.#db.prisma.delivery.findMany({ where: { clipId, state: { in: ['failed', 'deferred'] } } }),
      this.#db.prisma.instance.findMany({ where: { clipId, removedAt: null }, select: { instanceId: true } }),
    ]);
    if (clip?.removedAt) return { request: undefined, deliveries: [], prepare: [] };
    const deliveries = givenUp.filter((d) => here.some(({ instanceId }) => instanceId === d.instanceId));
    const notKept = clip?.state === 'failed' && clip.savedAt === null && clip.kind === 'clip';
    const request = notKept ? askedFor(note?.request) : undefined;
    const unprepared = clip?.state === 'failed' && !notKept && !deliveries.some(({ state }) => state === 'failed');
    const prepare = unprepared ? await this.#saved(clipId) : [];
    return { request, deliveries, prepare };
  }

  /** What the buffer said of a clip, or of each source of a still, whole again: the recipe is the procedure's. */
  async #saved(clipId: string): Promise<Awaited<ReturnType<Port['retryable']>>['prepare']> {
    const facts = await this.#db.prisma.clipFact.findMany({ where: { clipId, name: { in: ['saved', 'still'] } } });
    const told = await Promise.all(
      facts.map(async ({ name, data }) => {
        const said = data as { procedureId: string };
        const procedure = await this.#db.prisma.procedure.findUnique({ where: { procedureId: said.procedureId } });
        const whole = { ...said, recipe: procedure?.recipe };
        if (name === 'saved') return { clip: ClipSaved.safeParse(whole).data };
        return { still: StillCaptured.safeParse(whole).data };
      }),
    );
    return told.filter(({ clip, still }) => clip ?? still);
  }

  async #note(
    clipId: string,
    data: { description?: string; keep?: boolean; hiddenAt?: Date },
    audit: Audit,
    at: Date,
  ): Promise<void> {
    await this.#db.tx(async (tx) => {
      await lockClips(tx, [clipId]);
      await tx.clipNote.upsert({ where: { clipId }, create: { clipId, ...data }, update: data });
      await refreshClip(tx, clipId, await nextSequence(tx), noTables);
      await writeAudit(tx, `clip/${clipId}`, audit, at);
    });
  }
}

/** What was asked, and the clip as it is then. False: the id was used before, and nothing is written. */
export async function writeRequest(tx: Tx, request: ClipRequest): Promise<boolean> {
  const { clipId, command, traceId, ...note } = request;
  await lockClips(tx, [clipId]);
  const known = await tx.clipNote.findUnique({ where: { clipId } });
  if (known?.request) return false;
  const data = { ...note, request: json(command.data), traceId: traceId ?? null };
  await tx.clipNote.upsert({ where: { clipId }, create: { clipId, ...data }, update: data });
  await refreshClip(tx, clipId, await nextSequence(tx));
  return true;
}

/** The command that was written with the clip's note. */
function askedFor(request: unknown): Awaited<ReturnType<Port['retryable']>>['request'] {
  const save = SaveClip.safeParse(request);
  if (save.success) return { kind: 'command', name: 'buffer.save-clip', data: save.data };
  const imported = ImportClip.safeParse(request);
  return imported.success ? { kind: 'command', name: 'transcoder.import-clip', data: imported.data } : undefined;
}

/** What a person changes counts, for the feed, as if it came with the next event. */
export async function nextSequence(tx: Tx): Promise<bigint> {
  const row = await tx.projectionPosition.findFirst({ select: { sequence: true } });
  return (row?.sequence ?? 0n) + 1n;
}
