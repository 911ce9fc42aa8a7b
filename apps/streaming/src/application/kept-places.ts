/** A player that lost its picture asks again within this. */
const KEPT_MS = 30_000;

/**
 * The places of those who watch, kept for a while after their session: who lost the picture and comes back takes
 * nothing from anybody. A place is one source, and is taken once; who may take it knows the random id of the session.
 */
export class KeptPlaces {
  readonly #places = new Map<string, Set<string>>();

  taken(session: string, sourceIds: readonly string[]): void {
    this.#places.set(session, new Set(sourceIds));
  }

  left(session: string): void {
    setTimeout(() => this.#places.delete(session), KEPT_MS).unref();
  }

  /** Are there places of these sessions for all of these sources? Then they are taken. */
  take(sessions: readonly string[], sourceIds: readonly string[]): boolean {
    const own = sessions.flatMap((session) => this.#places.get(session) ?? []);
    const found = sourceIds.map((sourceId) => own.find((places) => places.has(sourceId)));
    if (found.some((places) => places === undefined)) return false;
    found.forEach((places, i) => places?.delete(sourceIds[i] ?? ''));
    return true;
  }
}
