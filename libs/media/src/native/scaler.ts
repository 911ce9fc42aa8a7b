import {
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_P010LE,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV420P10LE,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_SPC_UNSPECIFIED,
  AVCOL_TRC_BT709,
} from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import { check } from './av.ts';

/**
 * Video: limited range BT.709, 8 or 10 bits, also as devices take it (chroma interleaved). JPEG: full range BT.601 (JFIF),
 * with 4:2:0 or 4:2:2 chroma.
 */
export type PictureKind = 'video' | 'video-10' | 'device' | 'device-10' | 'jpeg-420' | 'jpeg-422' | 'rgb';

const formats = {
  video: AV_PIX_FMT_YUV420P,
  'video-10': AV_PIX_FMT_YUV420P10LE,
  device: AV_PIX_FMT_NV12,
  'device-10': AV_PIX_FMT_P010LE,
  'jpeg-420': AV_PIX_FMT_YUVJ420P,
  'jpeg-422': AV_PIX_FMT_YUVJ422P,
  rgb: AV_PIX_FMT_RGB24,
} as const;

/** A writable picture of a kind, with its colour description set. */
export function allocatePicture(kind: PictureKind, width: number, height: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = formats[kind];
  const video = kind !== 'rgb' && !kind.startsWith('jpeg');
  frame.colorRange = video ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
  frame.colorSpace = video ? AVCOL_SPC_BT709 : kind === 'rgb' ? AVCOL_SPC_RGB : AVCOL_SPC_BT470BG;
  if (video) {
    frame.colorPrimaries = AVCOL_PRI_BT709;
    frame.colorTrc = AVCOL_TRC_BT709;
  }
  check(frame.getBuffer(32), `allocate a picture of ${width}x${height}`);
  return frame;
}

/** Scales and converts between sizes, pixel formats and colour spaces, as the frames' own descriptions say. */
export class Scaler {
  private readonly context: SoftwareScaleContext;

  constructor() {
    this.context = new SoftwareScaleContext();
    this.context.allocContext(); // not initialised: then it follows the colour description of each frame
  }

  scale(target: Frame, source: Frame): void {
    // an unlabelled HD picture is BT.709, as every player assumes
    if (source.colorSpace === AVCOL_SPC_UNSPECIFIED && source.height >= 720) source.colorSpace = AVCOL_SPC_BT709;
    check(
      this.context.scaleFrameSync(target, source),
      `scale ${source.width}x${source.height} to ${target.width}x${target.height}`,
    );
  }

  close(): void {
    this.context.freeContext();
  }
}
