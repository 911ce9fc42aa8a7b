export type MicrophoneTrouble = 'denied' | 'missing' | 'busy';

/** Quieter than this is silence (0 to 1). */
const SILENCE = 0.02;

/** This device's microphone: asked for when it is first needed, kept until the conversation is left. */
export class Microphone {
  #stream: Promise<MediaStream> | undefined;
  #context: AudioContext | undefined;
  #analyser: AnalyserNode | undefined;
  #samples = new Float32Array(0);

  /** @throws MicrophoneError */
  async track(): Promise<MediaStreamTrack> {
    this.#stream ??= open().catch((error: unknown) => {
      this.#stream = undefined;
      throw error;
    });
    const [track] = (await this.#stream).getAudioTracks();
    if (!track) throw new MicrophoneError('missing');
    return track;
  }

  /** How loud it is now, 0 to 1. */
  async level(): Promise<number> {
    const stream = await this.#stream;
    if (!stream) return 0;
    if (!this.#analyser) {
      this.#context = new AudioContext();
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = 512;
      this.#context.createMediaStreamSource(stream).connect(this.#analyser);
      this.#samples = new Float32Array(this.#analyser.fftSize);
    }
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    return Math.min(1, Math.sqrt(power) * 4);
  }

  stop(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    void stream?.then((made) => made.getTracks().forEach((track) => track.stop())).catch(() => undefined);
    void this.#context?.close().catch(() => undefined);
    this.#analyser = undefined;
  }
}

export const isSilent = (level: number): boolean => level < SILENCE;

export class MicrophoneError extends Error {
  readonly trouble: MicrophoneTrouble;

  constructor(trouble: MicrophoneTrouble) {
    super(`microphone: ${trouble}`);
    this.name = 'MicrophoneError';
    this.trouble = trouble;
  }
}

async function open(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    const { name } = error as DOMException;
    if (name === 'NotAllowedError' || name === 'SecurityError') throw new MicrophoneError('denied');
    throw new MicrophoneError(name === 'NotReadableError' ? 'busy' : 'missing');
  }
}
