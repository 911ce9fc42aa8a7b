import {
  applyDecorators,
  createParamDecorator,
  Delete,
  Get,
  Head,
  HttpCode,
  Patch,
  Post,
  Put,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { checkInput } from './check-input.ts';
import { operations, type Operation, type OperationName } from './operations.ts';

const OPERATION = 'smartbox:operation';
const verbs = { get: Get, head: Head, post: Post, put: Put, patch: Patch, delete: Delete } as const;

/** The route of an operation. Its input comes by `@Input()`. */
export function Op(name: OperationName): MethodDecorator {
  const { method, path, status }: Operation = operations[name];
  return applyDecorators(verbs[method](path), HttpCode(status ?? 200), SetMetadata(OPERATION, name));
}

/** The operation a handler stands for; undefined for handlers without `@Op`. */
export function operationOf(handler: object): OperationName | undefined {
  return Reflect.getMetadata(OPERATION, handler) as OperationName | undefined;
}

/** Params, query, headers and body, checked by the operation's schemas: `InputOf<'listClips'>`. */
export const Input = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  const name = operationOf(context.getHandler());
  if (!name) throw new Error(`${context.getHandler().name} uses @Input() without @Op()`);
  return checkInput(operations[name], context.switchToHttp().getRequest<FastifyRequest>());
});
