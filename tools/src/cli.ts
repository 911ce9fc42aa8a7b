/** `npm run -s smartbox -- <area> <verb>`: the command line of a running system. */
import { Command, InvalidArgumentError } from 'commander';
import { newId, SmartBoxError, toError, inputError } from '@smartbox/kernel';
import { CatalogApi } from './api.ts';
import { registerDicom } from './dicom-cli/register.ts';
import { followClip } from './follow-clip.ts';
import { registerMedia } from './media-cli/register.ts';
import { requireRunInfo, type RunInfo } from './launcher/run-info.ts';

interface Context {
  info: RunInfo;
  api: CatalogApi;
}

/** What a verb answers: an object for machines, lines for people, and whether it went well. */
interface Answer {
  json: object;
  lines: string[];
  failed?: boolean;
}

type Options = Record<string, string | number | boolean | undefined>;

const program = new Command('smartbox').description('the command line of a running SmartBox').showHelpAfterError();

/** Wraps a verb: finds the system, prints the answer in the wanted form, exits 0 only on success. */
function verb(
  area: Command,
  definition: string,
  description: string,
  act: (context: Context, options: Options, argument?: string) => Promise<Answer>,
): Command {
  return area
    .command(definition)
    .description(description)
    .option('--json', 'one JSON object on stdout')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const argument = typeof given[0] === 'string' ? given[0] : undefined;
      const options = command.opts<Options>();
      try {
        const info = await requireRunInfo();
        const answer = await act({ info, api: new CatalogApi(info.url) }, options, argument);
        if (options['json'] === true) process.stdout.write(`${JSON.stringify(answer.json, null, 2)}\n`);
        (options['json'] === true ? process.stderr : process.stdout).write(`${answer.lines.join('\n')}\n`);
        if (answer.failed) process.exitCode = 1;
      } catch (error) {
        const { message } = toError(error);
        const code = error instanceof SmartBoxError ? error.code : 'unexpected';
        if (options['json'] === true)
          process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
        process.stderr.write(`${message}\n`);
        process.exitCode = 1;
      }
    });
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0');
  return value;
};
const text = (value: Options[string]): string | undefined => (typeof value === 'string' ? value : undefined);
const room = ({ info }: Context, options: Options): string => {
  const station = text(options['station']) ?? info.stations[0];
  if (station === undefined)
    throw inputError('no-station', 'the running system has no station: name one with --station');
  return station;
};

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

const clip = program.command('clip').description('clips');
verb(clip, 'save', 'save the last N seconds of every camera of a room', async (context, options) => {
  const { api } = context;
  const stationId = room(context, options);
  const sources = text(options['sources'])?.split(',');
  const description = text(options['description']);
  const clipId = newId();
  const since = performance.now();
  await api.saveClip({
    clipId,
    stationId,
    lastSeconds: Number(options['seconds']),
    ...(sources === undefined ? {} : { sources }),
    ...(description === undefined ? {} : { description }),
  });
  if (options['wait'] === true) {
    const onState = (state: string, atMs: number): void =>
      void process.stderr.write(`${(atMs / 1000).toFixed(2)} s  ${state}\n`);
    await followClip(api, clipId, { since, timeoutMs: 120_000 + Number(options['seconds']) * 2000, onState });
  }
  const saved = await api.clip(clipId);
  return { json: saved, lines: [`clip ${clipId}: ${saved.state}`] };
})
  .option('--station <id>', 'the room')
  .option('--seconds <n>', 'how far back', whole, 120)
  .option('--sources <ids>', 'only these cameras, separated by commas')
  .option('--description <text>', 'what it shows')
  .option('--wait', 'until it is in the PACS');
verb(clip, 'list', 'the newest clips', async ({ api }, options) => {
  const { items } = await api.clips({ limit: String(options['limit']) });
  return {
    json: { items },
    lines: items.map(
      (one) => `${one.clipId}  ${one.requestedAt}  ${one.state.padEnd(9)}  ${one.stationId}  ${one.description ?? ''}`,
    ),
  };
}).option('--limit <n>', 'how many', whole, 20);
verb(clip, 'show <clipId>', 'one clip with its journey', async ({ api }, _options, clipId = '') => {
  const one = await api.clip(clipId);
  return {
    json: one,
    lines: [
      `${one.clipId}  ${one.kind}  ${one.state}${one.failure ? `  ${one.failure.reason}` : ''}`,
      ...one.sources.map(
        (s) => `    ${s.sourceId}: ${s.frames} frames, ${(s.durationMs / 1000).toFixed(1)} s, ${s.bytes} bytes`,
      ),
      ...one.instances.map(
        (i) => `    ${i.sopInstanceUid}: ${i.deliveries.map((d) => `${d.destination} ${d.state}`).join(', ')}`,
      ),
      ...one.journey.map(
        (s) => `    ${s.startedAt}  ${s.stage}${s.sourceId ? ` ${s.sourceId}` : ''}${s.failed ? ' FAILED' : ''}`,
      ),
    ],
  };
});

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

registerDicom(program);

registerMedia(program);

await program.parseAsync();
