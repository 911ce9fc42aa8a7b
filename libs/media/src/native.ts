// Imports node-av: for child processes and specs only, never for a Nest process.
export { openMedia, type OpenOptions } from './native/av.ts';
export {
  decodeFrames,
  frameCounters,
  frameHash,
  frameHashes,
  VideoDecoder,
  type DecodedFrame,
} from './native/decode.ts';
export { H264Encoder, viewPlanes, type EncoderOptions } from './native/encoder.ts';
export { probe, PacketStatistics, type MediaProbe } from './native/probe.ts';
