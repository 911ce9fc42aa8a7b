/** Our own DICOM peer as a process of its own: test PACS and worklist. Started by the launcher with its plan as JSON. */
import { startTestPacs, type WorklistItem } from '@smartbox/testing';
import { sampleWorklist, today } from './sample-worklist.ts';

export interface PeerPlan {
  aeTitle: string;
  port: number;
  httpPort: number;
  dataDir: string;
  /** The rooms of the sample worklist, or the items themselves. */
  worklist: { stationAes: string[] } | { items: WorklistItem[] };
}

const plan = JSON.parse(process.argv[2] ?? '{}') as PeerPlan;
const items = (): WorklistItem[] =>
  'items' in plan.worklist ? plan.worklist.items : sampleWorklist(today(), plan.worklist.stationAes);
const pacs = await startTestPacs({ ...plan, worklist: items() });
if (pacs.port !== plan.port || pacs.httpPort !== plan.httpPort) {
  await pacs.stop();
  throw new Error(`port ${plan.port} or ${plan.httpPort} was taken`);
}
console.log(`${plan.aeTitle} listens on 127.0.0.1:${plan.port}, ${plan.dataDir}`);
setInterval(() => pacs.setWorklist(items()), 60_000); // the sample patients come every day
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void pacs.stop().then(() => process.exit(0)));
}
