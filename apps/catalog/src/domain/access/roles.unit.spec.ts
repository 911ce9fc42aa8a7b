import { readFileSync } from 'node:fs';
import { Permission, Role } from '@smartbox/contracts';
import { expect, it } from 'vitest';
import { permissionsOf } from './roles.ts';

it('the table that a hospital reads is the one that is enforced', () => {
  const text = readFileSync(new URL('../../../../../docs/security.md', import.meta.url), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const head = rows.find(([first]) => first === 'permission') ?? [];
  expect(head.slice(2)).toEqual(Role.options);
  const permissions = rows.filter(([first = '']) => Permission.safeParse(first.replaceAll('`', '')).success);
  expect(permissions.map(([first = '']) => first)).toEqual(Permission.options.map((permission) => `\`${permission}\``));
  for (const [n, permission] of Permission.options.entries()) {
    const granted = Role.options.filter((_role, column) => permissions[n]?.[column + 2] === '●');
    expect(granted, permission).toEqual(Role.options.filter((role) => permissionsOf[role].includes(permission)));
  }
});
