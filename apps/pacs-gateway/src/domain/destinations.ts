import { DestinationsFile, type DestinationConfig } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { parse, YAMLParseError } from 'yaml';

/** Only DIMSE knows Storage Commitment. */
export const isDimse = (config: DestinationsFile['destinations'][number]): config is DestinationConfig =>
  config.protocol === undefined || config.protocol === 'dimse';

function path(parts: readonly PropertyKey[]): string {
  return parts
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

/**
 * Reads `destinations.yaml`. @throws SmartBoxError `invalid-configuration` naming the file, the field and the rule;
 * every wrong field at once.
 */
export function parseDestinations(yaml: string, file: string): DestinationsFile {
  let document: unknown;
  try {
    document = parse(yaml);
  } catch (error) {
    const where = error instanceof YAMLParseError ? `: ${error.message}` : '';
    throw inputError('invalid-configuration', `${file} is no YAML${where}`);
  }
  const parsed = DestinationsFile.safeParse(document);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${file}: ${path(issue.path) || '(root)'}: ${issue.message}`);
    throw inputError('invalid-configuration', problems.join('\n'));
  }
  const names = parsed.data.destinations.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    const at = names.lastIndexOf(twice);
    throw inputError('invalid-configuration', `${file}: destinations[${at}].name: ${twice} is there already`);
  }
  const asked = parsed.data.destinations.findIndex((one) => isDimse(one) && one.commitment?.request);
  if (asked >= 0 && !parsed.data.listener) {
    const field = `destinations[${asked}].commitment.request`;
    throw inputError('invalid-configuration', `${file}: ${field}: needs a listener, where the archive reports to`);
  }
  const copies = parsed.data.destinations.findIndex(
    (one) => one.deidentify && (one.rejectionNotes || (isDimse(one) && one.commitment?.request)),
  );
  if (copies >= 0) {
    const field = `destinations[${copies}].deidentify`;
    const why = 'goes with neither commitment.request nor rejectionNotes: a copy stands for no original';
    throw inputError('invalid-configuration', `${file}: ${field}: ${why}`);
  }
  return parsed.data;
}
