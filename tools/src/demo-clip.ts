/**
 * `npm run demo:clip [-- --json] [--seconds N] [--station ID]`: one clip from the camera to the PACS and back,
 * on the running system, or on one that it starts and stops itself.
 */
import { Command, InvalidArgumentError } from 'commander';
import { toError } from '@smartbox/kernel';
import { CatalogApi } from './api.ts';
import { saveAndFollow, type Journey } from './journey.ts';
import { readRunInfo } from './launcher/run-info.ts';
import { startSmartBox } from './launcher/smartbox.ts';
import type { ReadBack } from './read-back.ts';

const seconds = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 2 || value > 900) throw new InvalidArgumentError('2 to 900 whole seconds');
  return value;
};
const program = new Command('demo:clip')
  .description('saves a clip, follows it into the PACS and reads it back from there')
  .option('--json', 'one JSON object on stdout, the rest on stderr')
  .option('--seconds <n>', 'length of the clip', seconds, 10)
  .option('--station <id>', 'the room; the first one unless given')
  .parse();
const options = program.opts<{ json?: boolean; seconds: number; station?: string }>();
const say = (message: string): void => void (options.json ? process.stderr : process.stdout).write(`${message}\n`);

function showObject({ attributes, ...object }: ReadBack): void {
  say(`object ${object.sopInstanceUid}`);
  say(`    SOP class ${object.sopClassUid}, transfer syntax ${object.transferSyntaxUid}, ${object.bytes} bytes`);
  for (const keyword of [
    ...['PatientName', 'PatientID', 'StudyDescription', 'AccessionNumber', 'Modality', 'NumberOfFrames'],
    ...['FrameTime', 'Rows', 'Columns', 'PhotometricInterpretation', 'LossyImageCompressionRatio'],
  ]) {
    const value = attributes[keyword];
    if (value !== undefined)
      say(`    ${keyword}: ${JSON.stringify(Array.isArray(value) && value.length === 1 ? value[0] : value)}`);
  }
}

function summary(journey: Journey): void {
  for (const source of journey.sources) {
    say(
      `source ${source.sourceId}: ${source.frames} frames, ${(source.durationMs / 1000).toFixed(2)} s, ${source.bytes} bytes, ${source.gaps.length} gaps`,
    );
  }
  for (const { sourceId, payloadSha256, readBackSha256, numberOfFrames } of journey.instances) {
    const same = payloadSha256 === readBackSha256 ? 'identical to what was sent' : 'NOT what was sent';
    say(`PACS object of ${sourceId}: ${numberOfFrames} frames, video ${same}`);
  }
}

let stop: () => Promise<void> = async () => undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void stop().then(() => process.exit(130)));
try {
  let info = await readRunInfo();
  if (info) say(`using the system that runs at ${info.url}`);
  else {
    say('no system runs: starting one');
    const smartbox = await startSmartBox({
      onProgress: say,
      onStatus: (_rows, { name, state, detail }) => {
        if (state === 'ready' || state === 'failed' || state === 'restarting') say(`  ${name}: ${state} ${detail}`);
      },
    });
    stop = smartbox.stop;
    info = smartbox.info();
  }
  const journey = await saveAndFollow(await CatalogApi.of(info), info, {
    seconds: options.seconds,
    say,
    onReadBack: showObject,
    ...(options.station === undefined ? {} : { stationId: options.station }),
  });
  summary(journey);
  if (options.json) process.stdout.write(`${JSON.stringify(journey, null, 2)}\n`);
  const wrong =
    journey.instances.length === 0 || journey.instances.some((one) => one.payloadSha256 !== one.readBackSha256);
  if (wrong) {
    say(
      journey.instances.length === 0 ? 'nothing reached the PACS' : 'the PACS handed out something else than was sent',
    );
    process.exitCode = 1;
  }
} catch (error) {
  say(toError(error).message);
  process.exitCode = 1;
} finally {
  await stop();
}
process.exit();
