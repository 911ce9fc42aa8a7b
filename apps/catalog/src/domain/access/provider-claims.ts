import type { AccountRole } from '@smartbox/contracts';

/** Which claims of the provider say what somebody may do here. */
export interface ClaimRules {
  /** Dots lead into objects: `realm_access.roles`. */
  rolesClaim: string;
  /** Value of the claim -> roles here. */
  roles: Readonly<Record<string, readonly AccountRole[]>>;
  /** Claim with the rooms that somebody is limited to; absent: every room. */
  stationsClaim?: string | undefined;
}

export interface FromClaims {
  name: string;
  displayName: string;
  roles: AccountRole[];
  /** Undefined: every room. */
  stations: string[] | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** The claim itself where one has the whole name (`https://hospital.example/roles`), else by its parts. */
function claim(claims: Claims, path: string): unknown {
  if (path in claims) return claims[path];
  return path
    .split('.')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Claims)[key] : undefined), claims);
}

/** One value, several, or several in one text: providers differ. */
function values(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter(Boolean);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** What the account of a sign-in has to be like. Whoever is in no group that is named has no role. */
export function fromClaims(claims: Claims & { sub: string }, rules: ClaimRules): FromClaims {
  const granted = new Set(values(claim(claims, rules.rolesClaim)).flatMap((value) => rules.roles[value] ?? []));
  const wanted = text(claims['preferred_username']) ?? text(claims['email']) ?? claims.sub;
  return {
    name: accountName(wanted),
    displayName: (text(claims['name']) ?? wanted).slice(0, 100),
    roles: [...granted].sort(),
    stations: rules.stationsClaim === undefined ? undefined : values(claim(claims, rules.stationsClaim)),
  };
}

/** A name as accounts have them. */
function accountName(wanted: string): string {
  const bare = wanted
    .toLowerCase()
    .replace(/[^a-z0-9._@-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 60)
    .replace(/[^a-z0-9]+$/, '');
  return bare.length >= 2 ? bare : `user-${bare || 'x'}`;
}
