/** `npm start`: the whole line on this machine, with a live table, until Ctrl-C. */
import { toError } from '@smartbox/kernel';
import { followSources } from './launcher/follow-sources.ts';
import { startSmartBox } from './launcher/smartbox.ts';
import { TableView } from './launcher/table-view.ts';

// Whoever reads our output may end first (`npm start | tee log` and Ctrl-C): the orderly stop goes on without it.
process.stdout.on('error', () => undefined);
const view = new TableView(process.stdout);
const abort = new AbortController();
let stop: (() => Promise<void>) | undefined;
let asked = 0;
const end = (): void => {
  asked++;
  if (asked === 1) view.say('stopping ... (a second Ctrl-C stops at once)');
  abort.abort(new Error('stopped'));
  if (asked > 1) process.exit(130); // the watchers end whatever still runs
  void stop?.().then(
    () => {
      view.end();
      process.exit(0);
    },
    () => process.exit(1),
  );
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

try {
  const smartbox = await startSmartBox({
    commitment: true,
    onProgress: (message) => view.say(message),
    onStatus: (rows, changed) => view.show(rows, changed),
    signal: abort.signal,
  });
  stop = smartbox.stop;
  if (abort.signal.aborted) end();
  else {
    followSources(smartbox);
    view.headline(
      `SmartBox runs at ${smartbox.url} - Ctrl-C stops it; the data stays in ${smartbox.info().paths.state}`,
    );
  }
} catch (error) {
  view.end();
  if (!abort.signal.aborted) {
    console.error(`\n${toError(error).message}`);
    process.exitCode = 1;
  }
  process.exit();
}
