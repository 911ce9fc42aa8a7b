import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DeidentifyChoices } from '@smartbox/contracts';
import { isIdentifying } from '../../domain/access/patient-fields.ts';
import { controllers } from '../../app.controllers.ts';
import { openApi } from './openapi.ts';
import { operationOf } from './operation.decorator.ts';
import { operations } from './operations.ts';

describe('docs/api/openapi.json', () => {
  it('is what the schemas say (npm run generate writes it)', async () => {
    const path = new URL('../../../../../docs/api/openapi.json', import.meta.url);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApi())));
  });

  it('describes exactly the operations that have a handler', () => {
    const handled = controllers.flatMap(({ prototype }) =>
      Object.getOwnPropertyNames(prototype).flatMap((name) => {
        const member: unknown = Reflect.get(prototype, name);
        return (typeof member === 'function' && operationOf(member)) || [];
      }),
    );
    expect(handled.toSorted()).toEqual(Object.keys(operations).toSorted());
  });

  it('says of every operation who may call it', () => {
    const document = openApi() as {
      paths: Record<string, Record<string, { security?: object[]; 'x-permission'?: string[] }>>;
    };
    const all = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(all).toHaveLength(Object.keys(operations).length);
    for (const { security, 'x-permission': permissions } of all) {
      expect(security).toBeDefined();
      expect(permissions === undefined).toBe(security?.length === 0);
    }
  });

  it('names what identifies a patient only as what is left out for who may not know them', () => {
    // Every property of every answer, by its name: a new one that sounds like a patient has to be known.
    const names = new Set<string>();
    const look = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'properties') for (const name of Object.keys(inner as object)) names.add(name);
        look(inner);
      }
    };
    look(openApi());
    // a choice of what a copy keeps, yes or no: it tells nothing of the patient
    const choices = new Set(Object.keys(DeidentifyChoices.shape));
    const suspicious = [...names].filter(
      (name) => !choices.has(name) && /patient|birth|accession|^sex$|referring/i.test(name),
    );
    expect(suspicious.length).toBeGreaterThan(4);
    expect(suspicious.filter((name) => !isIdentifying(name))).toEqual([]);
  });
});
