import type { Benchmark } from '../pairs.ts';
import { save2Min } from './save-2-min.ts';
import { saveToPacs } from './save-to-pacs.ts';

export const benchmarks: readonly Benchmark[] = [save2Min, saveToPacs];
