import { inputError } from '@smartbox/kernel';
import type { IceCredentials } from './offer.ts';
import { attribute, linesOf, mediaSections } from './sdp.ts';

/** A fragment of a description (RFC 8840): candidates, and the ufrag by which an ICE restart is told from a trickle. */
export interface IceFragment {
  iceUfrag: string | undefined;
  icePwd: string | undefined;
  candidates: { mid: string; candidate: string }[];
}

/** @throws SmartBoxError `invalid-fragment` on anything that is no SDP fragment, or on more than 50 candidates. */
export function readFragment(text: string): IceFragment {
  const lines = linesOf(text);
  if (lines.length === 0 || lines.some((line) => !/^[a-z]=/.test(line))) {
    throw inputError('invalid-fragment', 'the body is no SDP fragment (RFC 8840)');
  }
  let mid = '0';
  const candidates: IceFragment['candidates'] = [];
  for (const line of lines) {
    if (line.startsWith('a=mid:')) mid = line.slice(6);
    if (line.startsWith('a=candidate:')) candidates.push({ mid, candidate: line.slice(2) });
  }
  if (candidates.length > 50) throw inputError('invalid-fragment', `${candidates.length} candidates: at most 50`);
  return { iceUfrag: attribute(lines, 'ice-ufrag'), icePwd: attribute(lines, 'ice-pwd'), candidates };
}

/** The credentials of a restart, of the lengths that RFC 8839 section 5.4 asks for. @throws SmartBoxError `invalid-fragment`. */
export function restartOf({ iceUfrag = '', icePwd = '' }: IceFragment): IceCredentials {
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(iceUfrag) || !/^[A-Za-z0-9+/]{22,256}$/.test(icePwd)) {
    throw inputError('invalid-fragment', 'an ICE restart needs a new ice-ufrag and ice-pwd (RFC 8839 section 5.4)');
  }
  return { ufrag: iceUfrag, pwd: icePwd };
}

/**
 * What we answer to an ICE restart: the new credentials, and our candidates, which are those of the description before
 * at another port. All else that it said of ICE still holds.
 */
export function restartFragment(description: string, { ufrag, pwd }: IceCredentials, port: number): string {
  const lines = linesOf(description);
  const [first = []] = mediaSections(lines);
  const session = lines.slice(0, lines.indexOf(first[0] ?? ''));
  const candidates = lines.flatMap((line) => {
    const parts = /^(a=candidate:\S+ 1 udp \d+ \S+) \d+ (typ host.*)$/i.exec(line);
    return parts ? [`${parts[1]} ${port} ${parts[2]}`] : [];
  });
  return [
    ...session.filter((line) => /^a=(ice-options|ice-lite|ice-pacing|group:BUNDLE)/.test(line)),
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    first[0]?.replace(/^(m=\w+) \d+/, '$1 9') ?? '',
    `a=mid:${attribute(first, 'mid') ?? '0'}`,
    ...candidates,
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}
