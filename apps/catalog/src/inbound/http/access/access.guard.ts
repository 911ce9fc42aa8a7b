import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { inputError } from '@smartbox/kernel';
import type { FastifyRequest } from 'fastify';
import { AccessLog } from '../../../application/access/access-log.ts';
import { permissionMissing, signInNeeded } from '../../../application/access/asking.ts';
import { patientReachOf, reachOf, type Caller } from '../../../domain/access/caller.ts';
import { namedIn, type Named } from '../../../domain/access/places.ts';
import { Whereabouts, type OutOfReach } from '../../../outbound/access/whereabouts.ts';
import { operationOf } from '../operation.decorator.ts';
import { permissionsIn } from '../operation.ts';
import { isProbe } from '../security.ts';
import { askingOf } from './identify.ts';
import { ruleOf, type Rule } from './needs.decorator.ts';

/** May the caller do this, and with these things? And who looked at what is noted. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #whereabouts: Whereabouts;
  readonly #log: AccessLog;

  constructor(@Inject(Whereabouts) whereabouts: Whereabouts, @Inject(AccessLog) log: AccessLog) {
    this.#whereabouts = whereabouts;
    this.#log = log;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isProbe(request.url)) return true;
    const rule = ruleOf(context.getHandler(), context.getClass());
    if (!rule) throw new Error(`${context.getHandler().name} does not say what it needs`);
    if (rule.needs === 'public') return true;
    const { caller } = askingOf(request);
    if (!caller) throw signInNeeded();
    const name = operationOf(context.getHandler()) ?? context.getClass().name;
    await this.#checkPermissions(caller, rule, name);
    const named = namedIn(request.params, request.query, request.body);
    await this.#checkReach(caller, rule, named);
    await this.#note(caller, rule, named, request.query);
    return true;
  }

  async #checkPermissions(caller: Caller, { needs }: Rule, operation: string): Promise<void> {
    // Its patients are known to whoever has broken the glass of a room; which room, the reach decides.
    const missing = permissionsIn(needs).find(
      (permission) =>
        !caller.permissions.has(permission) && !(permission === 'patient.read' && caller.opened.length > 0),
    );
    if (missing === undefined) return;
    const detail = { permission: missing };
    await this.#log.note(caller.actor, 'access.refused', `operation/${operation}`, { detail, outcome: 'failure' });
    throw permissionMissing(missing);
  }

  /** @throws as if there were no such thing */
  async #checkReach(caller: Caller, { needs, beyondReach }: Rule, named: Named): Promise<void> {
    if (beyondReach) return;
    const reach = permissionsIn(needs).includes('patient.read') ? patientReachOf(caller) : reachOf(caller);
    const far = await this.#whereabouts.outOfReach(named, reach);
    if (!far) return;
    await this.#log.note(caller.actor, 'access.refused', `${far.what}/${far.id}`, { outcome: 'failure' });
    throw absent(far);
  }

  async #note(caller: Caller, { logs }: Rule, named: Named, query: unknown): Promise<void> {
    if (logs === undefined) return;
    if (named.clips.size + named.procedures.size + named.instances.size > 0) {
      await this.#log.note(caller.actor, logs, () => this.#whereabouts.subject(named));
      return;
    }
    const { cursor: _c, limit: _l, sort: _s, ...detail } = query as Record<string, unknown>;
    await this.#log.note(caller.actor, logs, 'search', { detail });
  }
}

const absent = ({ what, id }: OutOfReach) =>
  inputError(what === 'station' ? 'station-unknown' : `${what}-not-found`, `there is no ${what} ${JSON.stringify(id)}`);
