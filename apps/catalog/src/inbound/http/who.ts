import { currentTraceId } from '@smartbox/telemetry';

/** Until there are accounts, whoever sits at this machine. */
export const who = () => ({ actor: 'local', traceId: currentTraceId() });
