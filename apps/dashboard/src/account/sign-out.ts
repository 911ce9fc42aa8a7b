import { accessApi } from '../api/access.ts';

/** Out here, and at the hospital where that is where one came in; nothing of this page is left to the next person. */
export async function signOut(): Promise<void> {
  const { providerUrl } = await accessApi.signOut();
  location.assign(providerUrl ?? '/');
}
