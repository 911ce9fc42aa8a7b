import { currentTraceId } from '@smartbox/telemetry';
import { currentCaller } from '../../application/access/asking.ts';

/** Who asks for a change, for the audit. */
export const who = () => ({ actor: currentCaller().actor, traceId: currentTraceId() });
