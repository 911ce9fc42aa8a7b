/** Which picture of a video is on the screen, as the browser says it of each that it paints. */
export class ShownFrame {
  readonly #video: HTMLVideoElement;
  #handle: number;
  #last: { mediaTime: number; at: number } | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    const onFrame: VideoFrameRequestCallback = (at, { mediaTime }) => {
      this.#last = { mediaTime, at };
      this.#handle = video.requestVideoFrameCallback(onFrame);
    };
    this.#handle = video.requestVideoFrameCallback(onFrame);
  }

  /** Its place in the video's own time, and when it was painted by the page's clock. */
  get last(): { mediaTime: number; at: number } | undefined {
    return this.#last;
  }

  stop(): void {
    this.#video.cancelVideoFrameCallback(this.#handle);
  }
}
