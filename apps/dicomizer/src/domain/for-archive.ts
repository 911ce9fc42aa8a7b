import type { RenditionReady } from '@smartbox/contracts';

/** Edits and exports become objects only where somebody said where they go; posters and sprites never do. */
export function isForArchive({ rendition, destinations = [] }: RenditionReady): boolean {
  switch (rendition) {
    case 'pacs':
    case 'still':
    case 'fallback':
      return true;
    case 'edit':
    case 'export':
      return destinations.length > 0;
    case 'poster':
    case 'sprite':
      return false;
  }
}
