/**
 * Prints the spec files that failed in a run, one per line: `node failed-files.ts <report> <at most>`. Prints
 * nothing where more failed than that: then something is broken, and a second run tells nothing new.
 */
import { failedFiles, readReport } from './report.ts';

const [file = '', most = '0'] = process.argv.slice(2);
const report = readReport(file);
const failed = report ? failedFiles(report) : [];
if (failed.length <= Number(most)) for (const name of failed) console.log(name);
