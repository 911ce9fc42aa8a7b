import { TURNED_UPRIGHT } from '../coding.ts';
import type { FrameRate } from '../frame-rate.ts';
import type { FieldOrder } from './scan.ts';
import type { Turn } from './upright.ts';
import type { PlanSource, VideoPlan } from './video-target.ts';

/** The picture as it is coded in the input. */
export interface CodedPicture {
  readonly width: number;
  readonly height: number;
  /** Width to height of one sample. */
  readonly sampleAspect: FrameRate;
  readonly turn: Turn | null;
}

const orders: Record<FieldOrder, string> = { tff: 'the top field first', bff: 'the bottom field first' };
const perSecond = ({ num, den }: FrameRate): number => Math.round((100 * num) / den) / 100;

/** What re-encoding changed besides the coding, for a person: size, shape of the samples, rate, fields. */
export function conversionNotes(plan: VideoPlan, source: PlanSource, coded: CodedPicture): string[] {
  return [...sizeNotes(plan, coded), ...rateNotes(plan, source), ...fieldNotes(plan, source)];
}

function sizeNotes({ width, height, inner, sampleAspect }: VideoPlan, coded: CodedPicture): string[] {
  const swaps = coded.turn?.swaps === true;
  const [num, den] = turned(swaps, coded.sampleAspect.num, coded.sampleAspect.den);
  const [across, down] = sampleAspect;
  const sameShape = num * down === den * across;
  const samples = (a: number, b: number): string => (sameShape ? '' : ` with samples of ${a}:${b}`);
  const from = `${turned(swaps, coded.width, coded.height).join('x')}${samples(num, den)}`;
  const to = `${inner.width}x${inner.height}${samples(across, down)}`;
  return [
    ...(coded.turn ? [TURNED_UPRIGHT] : []),
    ...(from === to ? [] : [`the picture of ${from} was scaled to ${to}`]),
    ...(inner.width < width || inner.height < height ? [`black fills the frame of ${width}x${height}`] : []),
  ];
}

const turned = (swaps: boolean, a: number, b: number): [number, number] => (swaps ? [b, a] : [a, b]);

function rateNotes(plan: VideoPlan, { fields, frameRate }: PlanSource): string[] {
  const [from, to] = [perSecond(frameRate), perSecond(plan.frameRate)];
  if (fields || from === to) return [];
  return [`${from} frames a second became ${to}: frames were ${to < from ? 'left out' : 'repeated'}`];
}

function fieldNotes(plan: VideoPlan, { fields, frameRate }: PlanSource): string[] {
  if (!fields) return [];
  const source = `the input is interlaced (${perSecond(frameRate)} pictures a second, ${orders[fields]})`;
  if (plan.fields) return [`${source} and stays so`];
  const how = plan.deinterlace === 'field' ? 'every field became a frame' : 'each pair of fields became a frame';
  return [`${source}: deinterlaced (bwdif), ${how}, ${perSecond(plan.frameRate)} frames a second`];
}
