/** Names under which the module provides what has no class of its own. */
export const DESTINATIONS = Symbol('destinations');
export const WORKLIST = Symbol('worklist');
