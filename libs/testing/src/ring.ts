// Imports node-av: for specs and benchmarks only, never for the launcher.
export { fillRing, ringMessages, type RingFilling } from './ring/fill-ring.ts';
