import { Controller, Inject } from '@nestjs/common';
import type { RpcReply, RpcRequest } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { Rpc } from '@smartbox/messaging';
import { Failures } from '../application/failures.ts';
import { RingWindowUseCase } from '../application/ring-window.ts';
import { SaveClipUseCase } from '../application/save-clip.ts';

/** Requests whose callers wait for the answer. */
@Controller()
export class BufferRpc {
  readonly #saveClip: SaveClipUseCase;
  readonly #window: RingWindowUseCase;
  readonly #failures: Failures;

  constructor(
    @Inject(SaveClipUseCase) saveClip: SaveClipUseCase,
    @Inject(RingWindowUseCase) window: RingWindowUseCase,
    @Inject(Failures) failures: Failures,
  ) {
    this.#saveClip = saveClip;
    this.#window = window;
    this.#failures = failures;
  }

  /** Answers when the clip is SAVED. */
  @Rpc('buffer.save-clip')
  async saveClip(request: RpcRequest<'buffer.save-clip'>): Promise<RpcReply<'buffer.save-clip'>> {
    try {
      return await this.#saveClip.run(request);
    } catch (error) {
      await this.#failures.record(request, toError(error), false);
      throw error;
    }
  }

  @Rpc('buffer.get-window')
  getWindow(request: RpcRequest<'buffer.get-window'>): Promise<RpcReply<'buffer.get-window'>> {
    return this.#window.run(request);
  }
}
