/** How long an offer of ours holds: what the draft says where nothing is said (draft-ietf-wish-whep, "Server Sends Counter-Offer"). */
export const OFFER_MS = 30_000;

/** What goes back to a viewer: the answer to its offer, an offer of our own, a fragment after an ICE restart, or nothing. */
export interface Described {
  kind: 'answer' | 'counter-offer' | 'fragment' | 'none';
  sdp: string;
}

/**
 * A description of ours with every medium that has no source (audio, a further video) as `inactive` (RFC 3264 section
 * 6.1): the stack says `sendonly` of whatever is offered.
 */
export function onlyWhatIsSent(description: string): string {
  return description
    .split(/(?=^m=)/m)
    .map((section) =>
      section.startsWith('m=') && !/^a=ssrc:/m.test(section)
        ? section.replace(/^a=(sendonly|sendrecv)(?=\r?$)/m, 'a=inactive')
        : section,
    )
    .join('');
}

/** An offer of ours says that RTCP has no port of its own; an answer must not (RFC 8858 section 3 and 4). */
export const rtcpMuxOnly = (offer: string): string => offer.replace(/^(a=rtcp-mux)(?=\r?$)/gm, '$1\r\n$1-only');

/** Every host candidate once per announced address (1:1 NAT); unchanged where none is announced. */
export function announce(description: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return description;
  const seen = new Set<string>();
  return description
    .split('\r\n')
    .flatMap((line) => {
      const match = /^(a=candidate:)\d+( 1 UDP )(\d+) \S+ (\d+ typ host.*)$/i.exec(line);
      if (!match) return [line.replace(/^c=IN IP[46] \S+$/, `c=IN IP4 ${addresses[0]}`)];
      const [, prefix, transport, priority, rest] = match;
      return addresses.flatMap((address, i) => {
        const key = `${address} ${rest}`;
        if (seen.has(key)) return [];
        seen.add(key);
        return [`${prefix}${seen.size}${transport}${Number(priority) - i} ${address} ${rest}`];
      });
    })
    .join('\r\n');
}
