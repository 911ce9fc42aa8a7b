import type { ProcedureEntry, StationConfig } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { Procedures, Stations } from './ports.ts';

export interface Intent {
  stationId: string;
  procedureId: string;
  sources?: readonly string[] | undefined;
}

export interface CheckedIntent {
  station: StationConfig;
  procedure: ProcedureEntry;
  /** Those asked for, or every one of the station. */
  sources: string[];
}

/**
 * Who and where an intent means.
 * @throws SmartBoxError `unknown-station`, `unknown-source`, `unknown-procedure`, `procedure-elsewhere`.
 */
export async function checkIntent(intent: Intent, stations: Stations, procedures: Procedures): Promise<CheckedIntent> {
  const { stationId, procedureId } = intent;
  const station = stations.get(stationId);
  if (!station) throw inputError('unknown-station', `there is no station ${JSON.stringify(stationId)}`);
  const known = station.sources.map(({ id }) => id);
  const stranger = intent.sources?.find((id) => !known.includes(id));
  if (stranger !== undefined) {
    const message = `station ${stationId} has no source ${JSON.stringify(stranger)}; it has ${known.join(', ')}`;
    throw inputError('unknown-source', message);
  }
  const procedure = await procedures.get(procedureId);
  if (!procedure) throw inputError('unknown-procedure', `there is no procedure ${procedureId}`);
  if (procedure.stationId !== stationId) {
    throw inputError(
      'procedure-elsewhere',
      `procedure ${procedureId} runs at ${procedure.stationId}, not ${stationId}`,
    );
  }
  return { station, procedure, sources: [...(intent.sources ?? known)] };
}
