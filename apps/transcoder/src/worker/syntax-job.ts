import { serveChild } from '@smartbox/media';
import { probe, videoFacts } from '@smartbox/media/native';
import { inputError } from '@smartbox/kernel';
import { transferSyntaxes } from '@smartbox/dicom';
import type { SyntaxAnswer, SyntaxAsk } from '../domain/syntax-jobs.ts';
import type { JobProgress } from './jobs.ts';
import { framesFor } from './syntax-frames.ts';
import { streamFor } from './syntax-stream.ts';

serveChild<SyntaxAsk, JobProgress, SyntaxAnswer>(async (ask, { progress, signal }) => {
  const begun = performance.now();
  let last = -1;
  const onPercent = (percent: number): void => {
    const whole = Math.max(0, Math.min(99, Math.floor(percent)));
    if (whole > last) progress({ percent: (last = whole) });
  };
  const syntax = transferSyntaxes.get(ask.transferSyntaxUid);
  if (!syntax)
    throw inputError('unknown-transfer-syntax', `"${ask.transferSyntaxUid}" is no transfer syntax we can encode for`);
  const facts = videoFacts(await probe(ask.input));
  const made = await (syntax.layout === 'stream' ? streamFor : framesFor)({ ask, syntax, facts, signal, onPercent });
  return { durationMs: Math.round(performance.now() - begun), ...made };
});
