/** `npm run -s smartbox -- <area> <verb>`: the command line of a running system. */
import { Command, CommanderError } from 'commander';
import { inputError } from '@smartbox/kernel';
import { registerDevices } from './devices-cli.ts';
import { registerDicom } from './dicom-cli/register.ts';
import { registerAccess } from './register-access.ts';
import { registerMedia } from './media-cli/register.ts';
import { registerClips } from './system-cli/clips.ts';
import { registerExports } from './system-cli/exports.ts';
import { registerStills } from './system-cli/stills.ts';
import { room, text, verb } from './system-cli/verb.ts';

const program = new Command('smartbox')
  .description('the command line of a running SmartBox')
  .showHelpAfterError()
  .exitOverride();

verb(program, 'status', 'servers, services and rooms', async ({ info, api }) => {
  const services = await Promise.all(
    Object.entries(info.services).map(async ([name, service]) => {
      const answer = await fetch(`${service.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      return { name, ready: answer?.ok === true, url: service.url, pid: service.pid };
    }),
  );
  const stations = await api.stations().catch(() => []);
  const ready = services.every((service) => service.ready);
  const servers = Object.entries(info.servers).map(([name, server]) => ({ name, ...server }));
  return {
    json: { url: info.url, ready, servers, services, stations },
    lines: [
      `${info.url}  ${ready ? 'ready' : 'NOT READY'}`,
      ...servers.map(({ name, host, port }) => `  ${name.padEnd(14)} ${host}:${port}`),
      ...services.map(
        ({ name, ready: isReady, url }) => `  ${name.padEnd(14)} ${isReady ? 'ready    ' : 'NOT READY'} ${url}`,
      ),
      ...stations.map(({ stationId, online }) => `  ${stationId.padEnd(14)} ${online ? 'online' : 'OFFLINE'}`),
    ],
    failed: !ready,
  };
});

const station = program.command('station').description('rooms');
verb(station, 'list', 'every room with its cameras and what its ring holds', async ({ api }) => {
  const stations = await api.stations();
  return {
    json: { stations },
    lines: stations.flatMap((one) => [
      `${one.stationId}  ${one.name}  ${one.online ? 'online' : 'OFFLINE'}  procedure ${one.procedure?.procedureId ?? '-'}`,
      ...one.sources.map((source) => {
        const window = one.window?.sources.find(({ sourceId }) => sourceId === source.sourceId);
        const size = source.width ? `${source.width}x${source.height}@${source.frameRate}` : '';
        return `    ${source.sourceId.padEnd(14)} ${source.state.padEnd(10)} ${size} ${((window?.availableMs ?? 0) / 1000).toFixed(0)} s in the ring`;
      }),
    ]),
  };
});

const worklist = program.command('worklist').description('what is planned');
verb(worklist, 'list', 'the planned procedures of a room', async (context, options) => {
  const view = await context.api.worklist(room(context, options));
  return {
    json: view,
    lines: [
      ...(view.stale ? [`the worklist is stale: ${view.reason ?? ''}`] : []),
      ...view.items.map(
        (item) =>
          `${item.itemId}  ${item.scheduledAt ?? ''}  ${item.patient.name}  ${item.scheduledProcedureStepDescription ?? ''}`,
      ),
    ],
  };
}).option('--station <id>', 'the room');

const procedure = program.command('procedure').description('procedures');
verb(procedure, 'start', 'start a procedure from the worklist, or an emergency', async (context, options) => {
  const stationId = room(context, options);
  const recipe = text(options['recipe']);
  const item = text(options['item']);
  if ((item === undefined) !== (options['emergency'] === true)) {
    throw inputError('which-patient', 'name one of --item <id> (see: worklist list) and --emergency');
  }
  const started = await context.api.startProcedure({
    stationId,
    ...(recipe === undefined ? {} : { recipe }),
    ...(item === undefined ? { emergency: {} } : { worklistItemId: item }),
  });
  return { json: started, lines: [`procedure ${started.procedureId} runs in ${stationId}`] };
})
  .option('--station <id>', 'the room')
  .option('--item <id>', 'the worklist item')
  .option('--emergency', 'a patient who is in no worklist')
  .option('--recipe <name>', 'endoscopy, surgery ...');
verb(
  procedure,
  'end [procedureId]',
  'end a procedure; the one that runs in the room unless named',
  async (context, options, id) => {
    const procedureId = id ?? (await context.api.station(room(context, options))).procedure?.procedureId;
    if (procedureId === undefined) throw inputError('no-procedure', `no procedure runs in ${room(context, options)}`);
    await context.api.endProcedure(procedureId);
    return { json: { procedureId, ended: true }, lines: [`procedure ${procedureId} has ended`] };
  },
).option('--station <id>', 'the room');

registerClips(program);
registerStills(program);
registerExports(program);

const pacs = program.command('pacs').description('destinations');
verb(pacs, 'echo [destination]', 'C-ECHO a destination, or all of them', async ({ api }, _options, name) => {
  const names = name === undefined ? (await api.destinations()).items.map((one) => one.name) : [name];
  const results = await Promise.all(
    names.map(async (destination) => ({ ...(await api.echo(destination)), destination })),
  );
  return {
    json: { results },
    lines: results.map(
      ({ destination, ok, roundTripMs, reason }) =>
        `${destination}: ${ok ? `answers after ${roundTripMs?.toFixed(0)} ms` : `does not answer: ${reason}`}`,
    ),
    failed: results.some(({ ok }) => !ok),
  };
});

registerDevices(program);
registerAccess(program);

registerDicom(program);

registerMedia(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // what was wrong stands on stderr already; a machine reads it on stdout
  const bad = error.exitCode !== 0;
  const message = error.message.replace(/^error: /, '');
  if (bad && process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code: 'bad-arguments', message } }, null, 2)}\n`);
  process.exitCode = error.exitCode;
}
