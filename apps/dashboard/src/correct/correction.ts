import type { api } from '../api/client.ts';

/** What is sent: the worklist item, the patient or the procedure, and the name that a person reads before saying yes. */
export interface Correction {
  name: string;
  body: Parameters<typeof api.reassignClip>[1];
}
