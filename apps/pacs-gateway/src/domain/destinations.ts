import { DestinationsFile } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { parse, YAMLParseError } from 'yaml';

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
  return parsed.data;
}
