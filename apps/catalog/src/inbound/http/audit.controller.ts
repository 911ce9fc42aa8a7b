import { Controller, Inject } from '@nestjs/common';
import type { AuditView } from '@smartbox/contracts';
import { AuditQueries } from '../../outbound/audit-queries.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';

@Controller('api/v1')
export class AuditController {
  readonly #audit: AuditQueries;
  readonly #clips: ClipQueries;

  constructor(@Inject(AuditQueries) audit: AuditQueries, @Inject(ClipQueries) clips: ClipQueries) {
    this.#audit = audit;
    this.#clips = clips;
  }

  @Op('listClipAudit')
  async ofClip(@Input() { params }: InputOf<'listClipAudit'>): Promise<{ items: AuditView[] }> {
    const { clipId, procedureId } = found(await this.#clips.find(params.clipId), 'clip', params.clipId);
    return { items: await this.#audit.ofClip(clipId, procedureId) };
  }
}
