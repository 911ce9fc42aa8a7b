import type { Command } from 'commander';
import { verb } from './file-verb.ts';

/** `smartbox devices`: the cameras of this machine, without a running system. */
export function registerDevices(program: Command): void {
  const devices = program.command('devices').description('cameras and frame grabbers of this machine');
  verb(devices, 'list', 'every device with its signal and what it offers', async () => {
    const { describeModes, listDevices } = await import('@smartbox/media/native');
    const list = await listDevices();
    return {
      json: list,
      lines: [
        ...list.devices.flatMap(({ path, stablePath, name, bus, busy, input, modes }) => [
          `${stablePath ?? path}  ${name} at ${bus}${busy ? '  IN USE' : ''}`,
          `    ${path}  input ${input.name || 'unknown'}${input.noSignal === undefined ? '' : `: ${input.noSignal}`}`,
          ...describeModes(modes).map((line) => `    ${line}`),
        ]),
        ...list.problems,
        ...(list.devices.length + list.problems.length === 0 ? ['no camera and no frame grabber is connected'] : []),
      ],
    };
  });
}
