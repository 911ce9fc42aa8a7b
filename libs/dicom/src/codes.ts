/** Longest code that is taken: UC and UR know no limit of their own (PS3.5 6.2). */
export const MAX_CODE = 1024;

/**
 * Which attribute holds a code, PS3.3 section 8.1 and table 8.8-1: a URN or URL goes into URN Code Value (0008,0120), of
 * others those of more than 16 characters into Long Code Value (0008,0119).
 */
export function codeAttribute(value: string): 'CodeValue' | 'LongCodeValue' | 'URNCodeValue' {
  if (/^(urn:|https?:\/\/)/i.test(value)) return 'URNCodeValue';
  return [...value].length > 16 ? 'LongCodeValue' : 'CodeValue';
}

/** Characters of a URI, RFC 3986: what VR UR holds (PS3.5 6.2). */
export const isUri = (value: string): boolean => /^[!#-;=?-Z[\]_a-z~]+$/.test(value);
