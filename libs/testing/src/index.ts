export * from './lock.ts';
export * from './ports.ts';
export * from './repo.ts';
export * from './servers/nats-info.ts';
export * from './servers/nats.ts';
export * from './servers/server.ts';
export * from './supervise.ts';
export * from './wait.ts';
