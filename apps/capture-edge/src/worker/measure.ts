import { serveChild, SyntheticPattern } from '@smartbox/media';
import { H264Encoder } from '@smartbox/media/native';

/** Answers with the CPU ms that painting and encoding one synthetic frame of 1280x720 takes on this machine. */
serveChild<{ frames: number }, never, number>(({ frames }) => {
  const size = { width: 1280, height: 720 };
  const encoder = new H264Encoder({ ...size, frameRate: { num: 30, den: 1 }, bitrate: 8_000_000 });
  const pattern = new SyntheticPattern({ ...size, name: 'MEASURE' });
  const encode = (i: number): void => {
    pattern.paint(encoder.planes, i, new Date());
    encoder.encode(i * 3000, i % 30 === 0);
  };
  for (let i = 0; i < 5; i++) encode(i);
  const before = process.cpuUsage();
  for (let i = 5; i < frames + 5; i++) encode(i);
  const used = process.cpuUsage(before);
  encoder.close();
  return (used.user + used.system) / 1000 / frames;
});
