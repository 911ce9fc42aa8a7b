import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, switchMap, type Observable } from 'rxjs';
import { AccessLog } from '../../../application/access/access-log.ts';
import type { AuditAction } from '../../../domain/audit/actions.ts';
import { who } from '../who.ts';
import { queryOf, uidsOf } from './addresses.ts';

const searches: readonly string[] = ['studies', 'series', 'instances'];
/** By the handler that answers. */
const retrievals: Readonly<Record<string, AuditAction>> = {
  retrieve: 'dicomweb.retrieve',
  metadata: 'dicomweb.metadata',
  frames: 'dicomweb.frames',
  bulkData: 'dicomweb.bulkData',
  rendered: 'dicomweb.rendered',
  thumbnail: 'dicomweb.thumbnail',
};

/**
 * Who asked for which study, series or instance by DICOMweb, written before anything is handed out (as IHE ATNA wants it
 * of "Query" and "DICOM Instances Accessed"). Of a search the names of what was asked for, never the values.
 */
@Injectable()
export class AccessAudit implements NestInterceptor {
  readonly #log: AccessLog;

  constructor(@Inject(AccessLog) log: AccessLog) {
    this.#log = log;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return from(this.#note(request, context.getHandler().name)).pipe(switchMap(() => next.handle()));
  }

  async #note(request: FastifyRequest, what: string): Promise<void> {
    const { study, series, instance } = uidsOf(request.params) as {
      study?: string;
      series?: string;
      instance?: string;
    };
    const isSearch = searches.includes(what);
    const action = isSearch ? 'dicomweb.search' : retrievals[what];
    // an address that means nothing reads nothing
    if (action === undefined) return;
    const names = [...new Set(queryOf(request).keys())].filter((name) => /^[A-Za-z0-9.]{1,100}$/.test(name));
    await this.#log.note(who().actor, action, study === undefined ? 'studies' : `study/${study}`, {
      detail: {
        ...(series === undefined ? {} : { series }),
        ...(instance === undefined ? {} : { instance }),
        ...(isSearch ? { level: what, asked: names.toSorted() } : {}),
        agent: String(request.headers['user-agent'] ?? '').slice(0, 120),
      },
    });
  }
}
