import { Controller, Inject } from '@nestjs/common';
import type { AlarmView } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { currentCaller, currentReach, demand } from '../../application/access/asking.ts';
import { Feed } from '../../application/feed.ts';
import { isForAdmins } from '../../domain/alarm.ts';
import { AlarmStore } from '../../outbound/alarm-store.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

@Controller('api/v1')
export class AlarmsController {
  readonly #alarms: AlarmStore;
  readonly #feed: Feed;

  constructor(@Inject(AlarmStore) alarms: AlarmStore, @Inject(Feed) feed: Feed) {
    this.#alarms = alarms;
    this.#feed = feed;
  }

  @Op('listAlarms')
  async list(): Promise<{ items: AlarmView[] }> {
    const admin = currentCaller().permissions.has('admin.accounts');
    return { items: await this.#alarms.list(new Date(), { reach: currentReach(), admin }) };
  }

  @Op('acknowledgeAlarm')
  async acknowledge(@Input() { body }: InputOf<'acknowledgeAlarm'>): Promise<{ items: AlarmView[] }> {
    const { code, stationId = null, sourceId = null, upTo } = body;
    if (isForAdmins(code)) demand('admin.accounts');
    if (stationId === null && currentReach() !== 'everywhere')
      throw inputError('alarm-not-found', `there is no ${code}`);
    await this.#alarms.acknowledge({ code, stationId, sourceId }, new Date(upTo), who(), new Date());
    this.#feed.alarmSeen(code);
    return this.list();
  }
}
