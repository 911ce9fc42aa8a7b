import type { Provider } from '@nestjs/common';

/** A provider of a class: what it is made of, and how. */
export const make = <T>(
  provide: abstract new (...args: never[]) => T,
  inject: Extract<Provider, { useFactory: unknown }>['inject'] & object,
  useFactory: (...args: never[]) => T | Promise<T>,
): Provider => ({ provide, inject, useFactory: useFactory as (...args: unknown[]) => T | Promise<T> });
