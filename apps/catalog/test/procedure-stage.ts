import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RpcRequest, WorklistItem } from '@smartbox/contracts';
import { deterministicId } from '@smartbox/kernel';
import { Messaging, type StoredEvent } from '@smartbox/messaging';
import { afterAll, beforeAll } from 'vitest';
import { stringify } from 'yaml';
import { settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';
import { recipe } from './clip-story.ts';

/** A catalog, and the gateway that answers for the information system: the same for every topic of one spec file. */
export class ProcedureStage {
  catalog!: Catalog;
  gateway!: Messaging;
  /** What the worklist server answers; undefined: it is away. */
  scheduled: WorklistItem[] | undefined = [];
  more = false;
  readonly queries: RpcRequest<'pacs-gateway.find-worklist'>[] = [];
  #servers: Servers | undefined;

  constructor() {
    beforeAll(() => this.#start());
    afterAll(async () => {
      await this.gateway?.close();
      await this.catalog?.close();
      await this.#servers?.stop();
    });
  }

  async stored(names: string[]): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for await (const event of this.gateway.readEvents({ fromSequence: 1, follow: false })) {
      if (event.name && names.includes(event.name)) found.push(event);
    }
    return found;
  }

  async #start(): Promise<void> {
    const servers = await startServers();
    this.#servers = servers;
    const consent = { destinations: ['teaching'], refusedKeeps: 'nothing' };
    const strict = { ...recipe, name: 'strict', destinations: ['pacs', 'teaching'], consent };
    await writeFile(join(servers.folder, 'config/recipes/strict.yaml'), stringify(strict));
    this.catalog = await startCatalog(settings(servers));
    this.gateway = await Messaging.connect({ service: 'pacs-gateway', ...this.catalog.config.nats });
    this.gateway.serve('pacs-gateway.find-worklist', (query) => {
      this.queries.push(query);
      if (!this.scheduled) throw new Error('the RIS refuses the association');
      return { items: this.scheduled, truncated: this.more };
    });
  }
}

export const item = (name: string, id: string): WorklistItem => ({
  itemId: deterministicId('item', id),
  patient: { name, id, birthDate: '19600229', sex: 'F' },
  accessionNumber: `A-${id}`,
  studyInstanceUid: '1.2.276.0.1',
  scheduledProcedureStepDescription: 'Koloskopie',
  scheduledAt: '2026-11-23T08:00:00',
  ...planned,
});
/** What comes out of the cache of worklist answers as it went in. */
export const planned = {
  requestedProcedureCodes: [{ code: '73761001', scheme: 'SCT', meaning: 'Koloskopie' }],
  scheduledProtocolCodes: [{ code: 'K-2', scheme: '99KLINIK', version: '2026', meaning: 'Koloskopie mit Prüfung' }],
  referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.7' }],
  performingPhysician: 'Weiß^Jörg',
};
