/** One alternative of an Accept header, RFC 9110 section 12.5.1. */
interface Wanted {
  /** `*` where any will do. */
  media: string;
  /** `multipart/related` around it. */
  multipart: boolean;
  transferSyntax: string | undefined;
  quality: number;
}

export interface Offer {
  /** `video/mp4` */
  media: string;
  /** May it come as it is, without `multipart/related`? */
  single: boolean;
  /** May it come in `multipart/related`? */
  multipart: boolean;
}

export interface Chosen {
  media: string;
  multipart: boolean;
  /** `transfer-syntax` of the Accept header; undefined where any will do. */
  transferSyntax: string | undefined;
}

/** Splits at a character, but not inside quotes. */
function split(text: string, at: ',' | ';'): string[] {
  return (text.match(new RegExp(`(?:"[^"]*"|[^"${at}])+`, 'g')) ?? []).map((part) => part.trim());
}

function read(range: string): Wanted {
  const [type = '', ...rest] = split(range, ';');
  const parameters = new Map(
    rest.map((each) => {
      const [name = '', value = ''] = each.split(/=(.*)/s);
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
    }),
  );
  const multipart = type.toLowerCase() === 'multipart/related';
  const media = (multipart ? (parameters.get('type') ?? '*/*') : type).toLowerCase();
  const transferSyntax = parameters.get('transfer-syntax');
  const quality = Number(parameters.get('q') ?? 1);
  return {
    media,
    multipart,
    transferSyntax: transferSyntax === '*' ? undefined : transferSyntax,
    quality: Number.isNaN(quality) ? 0 : quality,
  };
}

function fits(wanted: string, media: string): boolean {
  return wanted === '*/*' || wanted === media || wanted === `${media.split('/')[0] ?? ''}/*`;
}

/**
 * What of the offers (the best first) is wanted most, PS3.18 section 8.7.4 and following; undefined: 406. `accept`: the
 * header, or the query parameter of that name, which counts before it (section 8.3.3.1).
 */
export function choose(accept: string | undefined, offers: readonly Offer[]): Chosen | undefined {
  const ranges = split(accept === undefined || accept.trim() === '' ? '*/*' : accept, ',').map(read);
  for (const { media, multipart, transferSyntax } of ranges
    .filter((range) => range.quality > 0)
    .toSorted((a, b) => b.quality - a.quality)) {
    for (const offer of offers) {
      if (!fits(media, offer.media)) continue;
      if (multipart) {
        if (offer.multipart) return { media: offer.media, multipart: true, transferSyntax };
      } else if (media === '*/*') {
        return { media: offer.media, multipart: offer.multipart, transferSyntax };
      } else if (offer.single) {
        return { media: offer.media, multipart: false, transferSyntax };
      }
    }
  }
  return undefined;
}
