import { inputError } from '@smartbox/kernel';
import { commonPasswords } from './common-passwords.ts';

/** NIST SP 800-63B section 5.1.1.2: length counts, composition rules do not. */
export const MIN_LENGTH = 12;

/** Letters and digits only, so that `P@ssw0rd-P@ssw0rd` is seen for what it is. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[@4]/g, 'a')
    .replace(/0/g, 'o')
    .replace(/[1!]/g, 'i')
    .replace(/3/g, 'e')
    .replace(/[5$]/g, 's')
    .replace(/7/g, 't')
    .replace(/[^\p{L}\p{N}]/gu, '');

/** The words of it: what is left without digits and signs around them. */
const words = (text: string): string => text.toLowerCase().replace(/[^\p{L}]/gu, '');

const common: ReadonlySet<string> = new Set(commonPasswords.map(plain));
const commonWords: ReadonlySet<string> = new Set(commonPasswords.map(words).filter((word) => word.length >= 6));

/** One character, or a short piece, over and over. */
const isRepetition = (text: string): boolean => /^(.{1,4}?)\1+.{0,3}$/su.test(text);

/** @throws SmartBoxError `password-too-short`, `password-has-name`, `password-too-common`. */
export function checkPassword(password: string, account: { name: string; displayName: string }): void {
  if ([...password].length < MIN_LENGTH) {
    throw inputError(
      'password-too-short',
      `a password has at least ${MIN_LENGTH} characters; a short sentence is good`,
    );
  }
  const bare = plain(password);
  const names = [account.name, ...account.name.split(/[._@-]/), ...account.displayName.split(/\s+/)].map(plain);
  if (names.some((name) => name.length >= 4 && bare.includes(name))) {
    throw inputError('password-has-name', 'a password does not contain the name of its account');
  }
  if (common.has(bare) || commonWords.has(words(password)) || isRepetition(bare)) {
    throw inputError('password-too-common', 'this password is among the first that anybody tries');
  }
}
