import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ClipsController } from './clips.controller.ts';
import { DeliveriesController } from './deliveries.controller.ts';
import { FeedController } from './feed.controller.ts';
import { MediaController } from './media.controller.ts';
import { openApi } from './openapi.ts';
import { operationOf } from './operation.decorator.ts';
import { operations } from './operations.ts';
import { ProceduresController } from './procedures.controller.ts';
import { StationsController } from './stations.controller.ts';

describe('docs/api/openapi.json', () => {
  it('is what the schemas say (npm run generate writes it)', async () => {
    const path = new URL('../../../../../docs/api/openapi.json', import.meta.url);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApi())));
  });

  it('describes exactly the operations that have a handler', () => {
    const controllers = [
      ClipsController,
      DeliveriesController,
      FeedController,
      MediaController,
      ProceduresController,
      StationsController,
    ];
    const handled = controllers.flatMap(({ prototype }) =>
      Object.getOwnPropertyNames(prototype).flatMap((name) => {
        const member: unknown = Reflect.get(prototype, name);
        return (typeof member === 'function' && operationOf(member)) || [];
      }),
    );
    expect(handled.toSorted()).toEqual(Object.keys(operations).toSorted());
  });
});
