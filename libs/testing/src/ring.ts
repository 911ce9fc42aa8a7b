// Imports node-av: for specs and benchmarks only, never for the launcher.
export { fillRing, type RingFilling } from './ring/fill-ring.ts';
