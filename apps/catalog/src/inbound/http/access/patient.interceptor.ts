import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { currentAsking } from '../../../application/access/asking.ts';
import { patientReachOf } from '../../../domain/access/caller.ts';
import { withoutPatients } from '../../../domain/access/patient-fields.ts';
import { permissionsIn } from '../operation.ts';
import { ruleOf } from './needs.decorator.ts';

/**
 * Leaves patients out of every JSON answer to who may not know them. What needs `patient.read` by itself has asked for
 * it, room by room, before it answered.
 */
@Injectable()
export class PatientInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const caller = context.getType() === 'http' ? currentAsking()?.caller : undefined;
    const rule = ruleOf(context.getHandler(), context.getClass());
    if (!caller || !rule || permissionsIn(rule.needs).includes('patient.read')) return next.handle();
    const reach = patientReachOf(caller);
    return next.handle().pipe(map((answer: unknown) => withoutPatients(answer, reach)));
  }
}
