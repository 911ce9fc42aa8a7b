// What the end-to-end tests and the benchmarks use of the launcher; no service and no library imports this.
export { CatalogApi } from './api.ts';
export { type RunInfo } from './launcher/run-info.ts';
export { startSmartBox, type SmartBox, type SmartBoxOptions } from './launcher/smartbox.ts';
export { openPacs, readBack } from './read-back.ts';
