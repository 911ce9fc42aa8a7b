import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { RpcReply, RpcRequest } from '@smartbox/contracts';
import { done, type Messaging } from '@smartbox/messaging';
import type { ProcedureSteps } from '../application/procedure-steps.ts';
import { isOpen, stepUidOf } from '../domain/procedure-step.ts';
import type { KvSteps } from '../outbound/kv-steps.ts';

/** MPPS while the service runs. Without a configured information system nothing of it does. */
@Injectable()
export class ProcedureService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #messaging: Messaging;
  readonly #parts: { steps: ProcedureSteps; store: KvSteps } | undefined;

  constructor(messaging: Messaging, parts: { steps: ProcedureSteps; store: KvSteps } | undefined) {
    this.#messaging = messaging;
    this.#parts = parts;
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.#parts) return;
    const { steps } = this.#parts;
    // From now on: the procedures of before were nobody's to report.
    await this.#messaging.consumeEvents(
      ['catalog.procedure.started', 'catalog.procedure.ended', 'catalog.procedure.corrected'],
      { durable: 'pacs-gateway-procedure-steps', maxDeliver: -1, deliver: 'new', ackWaitMs: 10_000 },
      async (event, { streamSequence }) => {
        if ('endedAt' in event) await steps.ended(event);
        else if ('version' in event) await steps.corrected(event);
        else await steps.started(event, streamSequence);
        return done();
      },
    );
    steps.start();
  }

  /** How far it was told, for whoever looks at the procedure. */
  async find({
    procedureId,
    version: asked,
  }: RpcRequest<'pacs-gateway.get-procedure-step'>): Promise<RpcReply<'pacs-gateway.get-procedure-step'>> {
    if (!this.#parts) return { configured: false };
    const found = await this.#parts.store.get(procedureId);
    if (!found) return { configured: true };
    const { state, problem, dueAt, version, left } = found.record;
    const retryAt = isOpen(found.record) && problem !== undefined ? { retryAt: dueAt } : {};
    const step = {
      sopInstanceUid: stepUidOf(procedureId, asked ?? version),
      state,
      ...(left.length > 0
        ? { left: left.map((one) => ({ sopInstanceUid: stepUidOf(procedureId, one.version), state: one.state })) }
        : {}),
      ...(problem === undefined ? {} : { problem }),
      ...retryAt,
    };
    return { configured: true, step };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#parts?.steps.stop();
    await this.#parts?.store.stop();
  }
}
