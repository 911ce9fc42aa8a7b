import { readFile } from 'node:fs/promises';
import { validateXML } from 'xmllint-wasm';

/** What the schema of PS3.15 section A.5.1 says against audit messages; empty when they are valid. */
export async function schemaFaults(messages: readonly string[]): Promise<string[]> {
  const schema = await readFile(new URL('audit-message.rng', import.meta.url), 'utf8');
  const xml = messages.map((contents, n) => ({ fileName: `message-${n}.xml`, contents }));
  const { errors } = await validateXML({ xml, schema, extension: 'relaxng' });
  return errors.map(({ rawMessage }) => rawMessage);
}
