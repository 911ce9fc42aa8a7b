import 'reflect-metadata';
import { afterAll, beforeAll, describe } from 'vitest';
import { Clips } from './clips.ts';
import { startService, type Service } from './service.ts';
import { preparesClips } from './topics/prepared.ts';
import { takesStills } from './topics/stills.ts';
import { meetsTrouble } from './topics/trouble.ts';

let service: Service;
let clips: Clips;

beforeAll(async () => {
  // what it works on comes from the buffer, so this connection speaks as the buffer
  service = await startService({}, 'buffer');
  clips = new Clips(service);
});
afterAll(() => service?.close());

/** One service for all of its topics: they need the same servers, and none of them disturbs another. */
describe('the transcoder', () => {
  preparesClips(() => clips);
  takesStills(() => clips);
  meetsTrouble(() => clips);
});
