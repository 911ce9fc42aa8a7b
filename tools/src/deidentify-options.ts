import type { DeidentifyChoices } from '@smartbox/contracts';
import { Option, type Command } from 'commander';

/** The options of PS3.15 annex E.3, the same wherever something is de-identified. */
export const withDeidentifyOptions = (command: Command): Command =>
  command
    .option('--retain-device', 'keep station and serial number')
    .option('--retain-institution', 'keep the institution')
    .option('--retain-patient-characteristics', 'keep sex, age, size, weight')
    .addOption(
      new Option('--retain-dates <how>', 'full, or shifted by days of its own per patient').choices([
        'full',
        'shifted',
      ]),
    )
    .option('--confirm-burned-in', 'somebody looked: the text in the pictures identifies nobody');

export function deidentifyChoices(options: Record<string, unknown>): DeidentifyChoices {
  const flag = (name: string) => options[name] === true;
  const dates = options['retainDates'] as DeidentifyChoices['retainDates'];
  return {
    ...(dates ? { retainDates: dates } : {}),
    retainDevice: flag('retainDevice'),
    retainInstitution: flag('retainInstitution'),
    retainPatientCharacteristics: flag('retainPatientCharacteristics'),
    confirmBurnedIn: flag('confirmBurnedIn'),
  };
}
