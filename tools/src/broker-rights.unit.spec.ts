import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokerRights, buckets, commandMap, type Service } from '@smartbox/contracts';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const sourcesOf = (service: string): string =>
  readdirSync(join(root, 'apps', service, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.startsWith('generated'))
    .map((file) => readFileSync(join(root, 'apps', service, 'src', file), 'utf8'))
    .join('\n');
const all = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

describe.each(Object.entries(brokerRights))('the rights of %s', (service, rights) => {
  const text = sourcesOf(service);

  it('name every request that its sources make, and none besides', () => {
    expect(all(text, /\.call(?:<[^>]*>)?\(\s*'([\w.-]+)'/g).sort()).toEqual([...rights.calls].sort());
  });

  it('name every command that its sources give, and none besides', () => {
    const given =
      service === 'catalog'
        ? Object.keys(commandMap).filter((name) => text.includes(`'${name}'`))
        : all(text, /publishCommand\(\s*'([\w.-]+)'/g);
    expect(given.sort()).toEqual([...rights.commands].sort());
  });

  it('name every bucket that its sources open', () => {
    const shared = Object.entries(buckets).flatMap(([key, { name }]) =>
      text.includes(`buckets.${key}`) ? [name] : [],
    );
    const own = all(text, /const BUCKET = '(\w+)'/g);
    expect([...shared, ...own].sort()).toEqual(Object.keys(rights.buckets).sort());
  });

  it('name the streams that it reads', () => {
    const events = /@OnEvent\(|consumeEvents\(|readEvents\(/.test(text);
    const commands = /@OnCommand\(|consumeCommands\(/.test(text);
    expect(rights.reads.map(({ name }) => name)).toEqual([
      ...(events ? ['EVENTS'] : []),
      ...(commands ? ['COMMANDS'] : []),
    ]);
    const rings = /ring\.(?:streamInfo|getMessage|readHeaders|followHeaders|readMessages|lastMessage)\(/.test(text);
    expect(rights.rings !== undefined).toBe(rings);
    expect(rights.rings === 'declare').toBe(text.includes('ringStream('));
  });

  it('name what it sends and hears beside streams', () => {
    const subjects: string[] = [];
    if (/publishLive\(conversationSubject/.test(text)) subjects.push('talk.*');
    expect((rights.publishes ?? []).filter((subject) => subject.startsWith('talk'))).toEqual(subjects);
    if (/subscribeLive\(liveSubject/.test(text)) subjects.push('live.*.*');
    expect(rights.subscribes ?? []).toEqual(subjects);
  });
});

it('a capture machine reads no stream, asks nobody and opens two buckets', () => {
  const text = sourcesOf('capture-edge' satisfies Service);
  expect(text).not.toMatch(/consumeEvents|consumeCommands|readEvents|publishCommand|\.call\(/);
  expect(text).not.toMatch(/ring\.(?!publishRing)\w+\(/);
  expect(all(text, /buckets\.(\w+)\.name/g).sort()).toEqual(['procedures', 'stations']);
});
