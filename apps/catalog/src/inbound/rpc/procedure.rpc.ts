import { Controller, Inject } from '@nestjs/common';
import type { ProcedureSnapshot, RpcRequest } from '@smartbox/contracts';
import { Rpc } from '@smartbox/messaging';
import { Procedures } from '../../application/procedures.ts';

@Controller()
export class ProcedureRpc {
  readonly #procedures: Procedures;

  constructor(@Inject(Procedures) procedures: Procedures) {
    this.#procedures = procedures;
  }

  /** Who is on the pictures: asked by the dicomizer, never sent in an event. */
  @Rpc('catalog.get-procedure')
  getProcedure({ procedureId, version, clipId }: RpcRequest<'catalog.get-procedure'>): Promise<ProcedureSnapshot> {
    if (clipId !== undefined) return this.#procedures.snapshotFor(clipId, procedureId);
    return this.#procedures.snapshot(procedureId, version);
  }
}
