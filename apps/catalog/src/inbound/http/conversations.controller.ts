import { Controller, Inject } from '@nestjs/common';
import type { ConversationGrant, StationView } from '@smartbox/contracts';
import { signLiveToken } from '@smartbox/kernel';
import type { z } from 'zod';
import { currentCaller, demand } from '../../application/access/asking.ts';
import { Conversations } from '../../application/conversations.ts';
import { Stations } from '../../application/stations.ts';
import { StreamingInstances } from '../../outbound/streaming-instances.ts';
import { SETTINGS, type Settings } from '../../settings.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** To join; who is in stays in. */
const GRANT_SECONDS = 60;

@Controller('api/v1')
export class ConversationsController {
  readonly #conversations: Conversations;
  readonly #stations: Stations;
  readonly #streaming: StreamingInstances;
  readonly #settings: Settings;

  constructor(
    @Inject(Conversations) conversations: Conversations,
    @Inject(Stations) stations: Stations,
    @Inject(StreamingInstances) streaming: StreamingInstances,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#conversations = conversations;
    this.#stations = stations;
    this.#streaming = streaming;
    this.#settings = settings;
  }

  @Op('switchConversation')
  async switch(@Input() { params, body }: InputOf<'switchConversation'>): Promise<StationView> {
    const { stationId } = params;
    await this.#conversations.switch(stationId, body.open, who().actor);
    return found(await this.#stations.find(stationId), 'station', stationId);
  }

  @Op('createConversationGrant')
  async grant(@Input() { body }: InputOf<'createConversationGrant'>): Promise<z.infer<typeof ConversationGrant>> {
    const { stationId, side } = body;
    if (side === 'room') demand('procedure.run');
    const { kind, actor, displayName } = currentCaller();
    // The account says who somebody is; a system speaks for people that it knows, and so does a machine without accounts.
    const name = kind === 'person' || kind === 'panel' ? displayName : (body.name ?? actor);
    const rights = [...(await this.#conversations.rights(stationId))];
    const exp = Math.floor(Date.now() / 1000) + GRANT_SECONDS;
    const conversation = { side, rights, name };
    return {
      url: `${this.#streaming.urlFor(stationId)}/conversation/${stationId}`,
      token: signLiveToken(
        { stationId, sourceIds: [], exp, who: who().actor, use: 'converse', conversation },
        this.#settings.liveTokenSecret,
      ),
      rights,
      expiresAt: new Date(exp * 1000).toISOString(),
    };
  }
}
