import type { ProcedureView } from '@smartbox/contracts';

/** By the recipe nothing is kept of a patient who refuses: the server would refuse as well. */
export const keepsNothing = ({ consent, recipe }: Pick<ProcedureView, 'consent' | 'recipe'>): boolean =>
  (consent.state === 'refused' || consent.state === 'withdrawn') && recipe.consent?.refusedKeeps === 'nothing';
