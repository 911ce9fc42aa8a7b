import type { IncomingMessage, ServerResponse } from 'node:http';
import { DestinationsFile, type DicomwebDestinationConfig, type InstanceCreated } from '@smartbox/contracts';
import { expect } from 'vitest';
import type { ObjectContent } from '../../src/application/ports.ts';
import { judgeFailure, type FailedAttempt } from '../../src/domain/failure.ts';
import { StowArchive } from '../../src/outbound/stow/stow-archive.ts';
import { jsonAnswer, type Rude } from './stow-peer.ts';
import { videoObject } from './video-object.ts';

let count = 0;
/** A video object as the delivery gets it; counts how often it was opened. */
export function anObject(payloadBytes = 3_000_000) {
  count += 1;
  const object = videoObject(payloadBytes, `stow-${count}`);
  let opened = 0;
  const content = (): ObjectContent => ({
    head: object.meta,
    size: object.size,
    read: async function* () {
      yield* object.read();
    },
    again: async () => content(),
  });
  const instance = { ...object, bytes: object.meta.length + object.size } as unknown as InstanceCreated;
  const accepted = async () => {
    opened += 1;
    return content();
  };
  const whole = () => Buffer.concat([object.meta, ...object.read()]);
  return { instance, accepted, opened: () => opened, whole, uid: object.sopInstanceUid };
}

/** The client of a destination as destinations.yaml would have it; `dir`: its folder. */
export function archiveAt(url: string, dir: string, more: Record<string, unknown> = {}): StowArchive {
  const given = { name: 'web', title: 'Web', protocol: 'dicomweb', url, idleTimeoutSeconds: 1, ...more };
  const { destinations } = DestinationsFile.parse({ destinations: [given] });
  return new StowArchive(destinations[0] as DicomwebDestinationConfig, dir);
}

export const never = new AbortController().signal;

/** What the delivery would be told, and what it would do. */
export async function failure(sent: Promise<unknown>): Promise<{ code: string; verdict: string; message: string }> {
  const error = await sent.then(
    () => expect.unreachable('it was taken'),
    (thrown: unknown) => thrown as Error & FailedAttempt & { details: { phase?: string } },
  );
  const { code, retryable, fault, details, message } = error;
  return { code, verdict: judgeFailure({ code, retryable, fault, phase: details.phase }), message };
}

/** Rude to objects only. */
export const posts = (act: (request: IncomingMessage, response: ServerResponse) => boolean): Rude => {
  return (request, response) => request.method === 'POST' && act(request, response);
};
/** Takes the object and answers so. */
export const answers = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Rude =>
  posts((request, response) => {
    request.resume().once('end', () => jsonAnswer(response, status, body, headers));
    return true;
  });
