import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputError, toError } from '@smartbox/kernel';
import { AV_LOG_QUIET } from 'node-av/constants';
import { Log, Packet } from 'node-av/lib';
import { HARDWARE, type EncoderChoice, type Hardware } from '../coding.ts';
import { check } from './av.ts';
import { thisMachine, type Machine } from './device-encoder.ts';
import { Mp4Writer } from './mp4-writer.ts';
import { probe } from './probe.ts';
import { allocatePicture } from './scaler.ts';
import { openSoftwareEncoder, type EncoderSettings, type VideoEncoder } from './video-encoder.ts';
import type { VideoPlan } from './video-target.ts';

/** One way to encode a plan. */
export interface Encoding {
  readonly name: 'software' | Hardware;
  open(): VideoEncoder;
}

export interface Encodings {
  /** In the order in which they are to be tried; software is the last one where the choice allows it. */
  readonly ways: readonly Encoding[];
  /** Why hardware is not among them, in plain words. */
  readonly notes: readonly string[];
}

/**
 * How a plan may be encoded here. Hardware is for HEVC, where software takes seconds for a second; it counts only after it
 * has encoded some pictures of this very size into what the transfer syntax holds.
 * @throws SmartBoxError `no-hardware-encoder` where one is asked for that does not work here
 */
export async function encodingsFor(
  plan: VideoPlan,
  settings: EncoderSettings,
  choice: EncoderChoice = 'auto',
  machine: Machine = thisMachine,
): Promise<Encodings> {
  const software: Encoding = { name: 'software', open: () => openSoftwareEncoder(plan, settings) };
  const hevc = plan.target === 'hevc-main' || plan.target === 'hevc-main10';
  if (choice === 'software' || (!hevc && choice === 'auto')) return { ways: [software], notes: [] };
  if (!hevc)
    throw inputError('no-hardware-encoder', `${choice} is for HEVC here, ${plan.target} is encoded by software`);
  const wanted = choice === 'auto' ? HARDWARE : [choice];
  const ways: Encoding[] = [];
  const against: string[] = [];
  for (const name of wanted) {
    const reason = await refusalOf(name, plan, settings, machine);
    if (reason === undefined) {
      ways.push({ name, open: () => machine.open(name, plan, settings) });
      break; // what works is not compared with what may work, too
    }
    against.push(`${name}: ${reason}`);
  }
  if (choice !== 'auto' && ways.length === 0)
    throw inputError('no-hardware-encoder', `there is no HEVC encoder as asked for (${against.join('; ')})`);
  const notes = ways.length > 0 ? [] : [`encoded by software, no hardware encoder works here (${against.join('; ')})`];
  return { ways: choice === 'auto' ? [...ways, software] : ways, notes };
}

/** Pictures of the trial: enough for an encoder to give something. */
const TRIAL = 8;

/** Encodes some grey pictures and reads what came of them; undefined where all is well. */
async function refusalOf(
  name: Hardware,
  plan: VideoPlan,
  settings: EncoderSettings,
  machine: Machine,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-encoder-'));
  const level = Log.getLevel();
  Log.setLevel(AV_LOG_QUIET); // what is missing is said once, in our words
  try {
    const path = join(folder, 'trial.mp4');
    encodeTrial(machine.open(name, plan, settings), plan, path);
    const { codec, profile, level: said, bitDepth, frames } = await probe(path);
    const wanted =
      plan.target === 'hevc-main10' ? { profile: 'Main 10', bitDepth: 10 } : { profile: 'Main', bitDepth: 8 };
    if (frames !== TRIAL) return `it made ${frames} of ${TRIAL} frames`;
    const right = codec === 'hevc' && profile === wanted.profile && bitDepth === wanted.bitDepth && said <= 51;
    return right ? undefined : `it makes ${codec} ${profile}, level ${said / 10}, ${bitDepth} bits`;
  } catch (error) {
    return toError(error).message;
  } finally {
    Log.setLevel(level);
    await rm(folder, { recursive: true, force: true });
  }
}

function encodeTrial(encoder: VideoEncoder, plan: VideoPlan, path: string): void {
  const picture = allocatePicture(plan.target === 'hevc-main10' ? 'video-10' : 'video', plan.width, plan.height);
  const packet = new Packet();
  packet.alloc();
  const writer = new Mp4Writer(path, encoder.parameters);
  const rate = { num: plan.frameRate.den, den: plan.frameRate.num };
  const drain = (): void => {
    while (encoder.receive(packet)) {
      packet.duration = 1n;
      writer.write(packet, rate);
    }
  };
  try {
    for (let i = 0; i < TRIAL; i++) {
      check(picture.makeWritable(), 'copy a picture');
      for (const plane of picture.data ?? []) plane.fill(64 + 8 * i);
      picture.pts = BigInt(i);
      encoder.send(picture);
      drain();
    }
    encoder.send(null);
    drain();
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    packet.free();
    picture.free();
    encoder.close();
  }
}
