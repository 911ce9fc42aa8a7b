import type { ConsentState, ExportPurpose, Recipe } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';

/** What was said, and what the recipe of the procedure makes of it. */
export interface ConsentOf {
  consent: ConsentState;
  recipe: Pick<Recipe, 'name' | 'consent'>;
}

const isRefused = (state: ConsentState) => state === 'refused' || state === 'withdrawn';

/** Destinations that get nothing at present. */
export const withheldDestinations = ({ consent, recipe }: ConsentOf): string[] =>
  consent === 'given' ? [] : [...(recipe.consent?.destinations ?? [])];

/** Is nothing of the procedure to be kept? */
export const keepsNothing = ({ consent, recipe }: ConsentOf): boolean =>
  isRefused(consent) && recipe.consent?.refusedKeeps === 'nothing';

const needed = (message: string) => new SmartBoxError({ code: 'consent-needed', message, fault: 'input' });

/** Why a copy may not be made for a purpose or for destinations; undefined where it may. */
export function deniedBy(
  of: ConsentOf,
  purpose: ExportPurpose,
  destinations: readonly string[],
): SmartBoxError | undefined {
  const { consent, recipe } = of;
  if (purpose === 'teaching') {
    const enough = recipe.consent?.teaching === 'not-refused' ? !isRefused(consent) : consent === 'given';
    if (!enough)
      return needed(`nothing leaves for teaching: the consent of the patient is ${consent} (recipe ${recipe.name})`);
  }
  const withheld = withheldDestinations(of);
  const first = destinations.find((destination) => withheld.includes(destination));
  return first === undefined
    ? undefined
    : needed(`${first} gets nothing: the consent of the patient is ${consent} (recipe ${recipe.name})`);
}

/** @throws SmartBoxError `consent-refused` where the recipe keeps nothing of who refuses. */
export function mayKeep(of: ConsentOf): void {
  if (!keepsNothing(of)) return;
  throw new SmartBoxError({
    code: 'consent-refused',
    message: `the patient ${of.consent === 'refused' ? 'refused' : 'withdrew consent'}: by the recipe ${of.recipe.name} nothing is kept`,
    fault: 'input',
  });
}
