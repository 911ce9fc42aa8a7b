import { SetMetadata } from '@nestjs/common';
import { operationOf } from '../operation.decorator.ts';
import { operations, type Operation } from '../operations.ts';

const RULE = 'smartbox:rule';

/** What a handler asks of its caller. */
export type Rule = Pick<Operation, 'needs' | 'logs' | 'beyondReach'>;

/** For handlers that are no operation of the REST interface: DICOMweb, files of the web app. */
export const Needs = (rule: Rule): MethodDecorator & ClassDecorator => SetMetadata(RULE, rule);

/** Undefined: nobody has said what it needs, so nobody gets it. */
export function ruleOf(handler: object, controller: object): Rule | undefined {
  const name = operationOf(handler);
  if (name !== undefined) return operations[name];
  return (Reflect.getMetadata(RULE, handler) ?? Reflect.getMetadata(RULE, controller)) as Rule | undefined;
}
