import { AV_FRAME_FLAG_INTERLACED, AV_FRAME_FLAG_TOP_FIELD_FIRST } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { allocatePicture, Scaler } from './scaler.ts';
import type { VideoPlan } from './video-target.ts';

/** Puts pictures of any size and format into the frames of a plan, black around them where the format is fixed. */
export class Canvas {
  readonly frame: Frame;
  private readonly plan: VideoPlan;
  private readonly inner: Frame | undefined;
  private readonly scaler = new Scaler();

  constructor(plan: VideoPlan) {
    this.plan = plan;
    const kind = plan.target === 'hevc-main10' ? 'video-10' : 'video';
    this.frame = allocatePicture(kind, plan.width, plan.height);
    this.asFields(this.frame);
    const { inner } = plan;
    if (inner.width === plan.width && inner.height === plan.height) return;
    this.inner = allocatePicture(kind, inner.width, inner.height);
    this.asFields(this.inner);
    for (const [plane, value] of [16, 128, 128].entries()) this.frame.data?.[plane]?.fill(value);
  }

  /** The scaler keeps the fields apart of a picture that is marked so, and the encoder codes them. */
  private asFields(frame: Frame): void {
    const { fields } = this.plan;
    if (fields) frame.setFlags(AV_FRAME_FLAG_INTERLACED, ...(fields === 'tff' ? [AV_FRAME_FLAG_TOP_FIELD_FIRST] : []));
  }

  /** The frame has to be writable. */
  draw(picture: Frame): void {
    this.scaler.scale(this.inner ?? this.frame, picture);
    if (!this.inner) return;
    for (const plane of [0, 1, 2]) this.copy(this.inner, plane);
  }

  private copy(from: Frame, plane: number): void {
    const shift = plane === 0 ? 0 : 1;
    const { x, y, width, height } = this.plan.inner;
    const source = from.data?.[plane];
    const target = this.frame.data?.[plane];
    const [fromStride = 0, toStride = 0] = [from.linesize[plane], this.frame.linesize[plane]];
    if (!source || !target) return;
    for (let line = 0; line < height >> shift; line++)
      target.set(
        source.subarray(line * fromStride, line * fromStride + (width >> shift)),
        (line + (y >> shift)) * toStride + (x >> shift),
      );
  }

  close(): void {
    this.frame.free();
    this.inner?.free();
    this.scaler.close();
  }
}
