import { Controller, Inject } from '@nestjs/common';
import type { PreviewFrameReply, RpcRequest, TakeFrameReply } from '@smartbox/contracts';
import { Rpc } from '@smartbox/messaging';
import { Preview } from '../application/preview.ts';
import { TakeFrame } from '../application/take-frame.ts';

@Controller()
export class PreviewRpc {
  readonly #preview: Preview;
  readonly #takeFrame: TakeFrame;

  constructor(@Inject(Preview) preview: Preview, @Inject(TakeFrame) takeFrame: TakeFrame) {
    this.#preview = preview;
    this.#takeFrame = takeFrame;
  }

  /** A frame through the very filters of an enhancement: what the person turns is seen at once. */
  @Rpc('transcoder.preview-frame')
  previewFrame(request: RpcRequest<'transcoder.preview-frame'>): Promise<PreviewFrameReply> {
    return this.#preview.frame(request);
  }

  /** A frame as a picture to be kept, in full size. */
  @Rpc('transcoder.take-frame')
  takeFrame(request: RpcRequest<'transcoder.take-frame'>): Promise<TakeFrameReply> {
    return this.#takeFrame.run(request);
  }
}
