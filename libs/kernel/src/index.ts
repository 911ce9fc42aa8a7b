export * from './boot-id.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './live-token.ts';
