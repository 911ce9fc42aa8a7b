import { Controller, Inject } from '@nestjs/common';
import type { CommandData, RpcReply, RpcRequest } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { done, OnCommand, Rpc, type Verdict } from '@smartbox/messaging';
import { CommitmentDesk } from '../application/commitment-desk.ts';
import type { Destinations } from '../application/destination.ts';
import type { Worklist } from '../application/ports.ts';
import { Resend } from '../application/resend.ts';
import { ProcedureService } from './procedure.service.ts';
import { KvNegotiations } from '../outbound/kv-negotiations.ts';
import { DESTINATIONS, WORKLIST } from '../tokens.ts';

/** What people and the catalog ask of the gateway. */
@Controller()
export class PacsGatewayController {
  readonly #resend: Resend;
  readonly #destinations: Destinations;
  readonly #worklist: Worklist;
  readonly #desk: CommitmentDesk;
  readonly #negotiations: KvNegotiations;
  readonly #steps: ProcedureService;

  constructor(
    @Inject(Resend) resend: Resend,
    @Inject(DESTINATIONS) destinations: Destinations,
    @Inject(WORKLIST) worklist: Worklist,
    @Inject(CommitmentDesk) desk: CommitmentDesk,
    @Inject(KvNegotiations) negotiations: KvNegotiations,
    @Inject(ProcedureService) steps: ProcedureService,
  ) {
    this.#resend = resend;
    this.#destinations = destinations;
    this.#worklist = worklist;
    this.#desk = desk;
    this.#negotiations = negotiations;
    this.#steps = steps;
  }

  @OnCommand('pacs-gateway.retry-delivery', { durable: 'pacs-gateway-commands' })
  async retry({ deliveryId, destination }: CommandData<'pacs-gateway.retry-delivery'>): Promise<Verdict> {
    await this.#resend.request(deliveryId, destination);
    return done();
  }

  @Rpc('pacs-gateway.find-worklist')
  findWorklist(query: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>> {
    return this.#worklist.find(query);
  }

  @Rpc('pacs-gateway.echo')
  async echo({ destination: name }: RpcRequest<'pacs-gateway.echo'>): Promise<RpcReply<'pacs-gateway.echo'>> {
    const destination = this.#destinations.get(name);
    if (!destination) throw inputError('unknown-destination', `no destination is called ${name}`);
    try {
      const roundTripMs = await destination.archive.echo();
      destination.gate.wake(); // it answers: what is parked need not wait out its time
      return { destination: name, ok: true, roundTripMs };
    } catch (error) {
      return { destination: name, ok: false, reason: toError(error).message };
    }
  }

  @Rpc('pacs-gateway.get-procedure-step')
  getProcedureStep(
    request: RpcRequest<'pacs-gateway.get-procedure-step'>,
  ): Promise<RpcReply<'pacs-gateway.get-procedure-step'>> {
    return this.#steps.find(request);
  }

  @Rpc('pacs-gateway.list-destinations')
  async listDestinations(): Promise<RpcReply<'pacs-gateway.list-destinations'>> {
    const listed = [...this.#destinations.values()].map(async ({ config, gate }) => {
      const { name, title, aeTitle, host, port } = config;
      const parked = gate.parked;
      const negotiated = await this.#negotiations.get(name).catch(() => undefined);
      return {
        name,
        title,
        aeTitle,
        host,
        port,
        parked: parked !== undefined,
        ...(parked ? { parkedReason: parked.reason } : {}),
        rejectionNotes: config.rejectionNotes,
        ...(negotiated ? { negotiated } : {}),
        commitment: { requested: this.#desk.wanted(name), open: this.#desk.openOf(name) },
      };
    });
    return { destinations: await Promise.all(listed) };
  }
}
