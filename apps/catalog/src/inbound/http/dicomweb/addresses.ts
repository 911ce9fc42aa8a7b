import { NotAcceptableException } from '@nestjs/common';
import { inputError } from '@smartbox/kernel';
import type { FastifyRequest } from 'fastify';
import { choose, type Chosen, type Offer } from '../../../domain/dicomweb/accept.ts';

/** UIDs of a path. */
export interface Path {
  study: string;
  series?: string;
  instance?: string;
}

/** @throws SmartBoxError `invalid-request` for what is no UID (PS3.5 section 9.1). */
export function uidsOf(params: unknown): Path {
  const path = params as Record<string, string>;
  for (const [name, uid] of Object.entries(path)) {
    if (!['study', 'series', 'instance'].includes(name) || /^[0-9.]{1,64}$/.test(uid)) continue;
    throw inputError('invalid-request', `${name}: ${JSON.stringify(uid.slice(0, 80))} is no UID (PS3.5 section 9.1)`);
  }
  return path as unknown as Path;
}

export const queryOf = (request: FastifyRequest): URLSearchParams =>
  new URLSearchParams(request.url.split('?').slice(1).join('?'));

/** Where clients reach us: the Host they used, which the guard has checked. */
export function addressOf(request: FastifyRequest, { study, series, instance }: Path): string {
  const parts = [
    `/studies/${study}`,
    ...(series === undefined ? [] : [`/series/${series}`]),
    ...(instance === undefined ? [] : [`/instances/${instance}`]),
  ];
  return `${request.protocol}://${request.headers.host ?? ''}/dicomweb${parts.join('')}`;
}

/** @throws NotAcceptableException naming what there is. */
export function accepted(request: FastifyRequest, offers: readonly Offer[]): Chosen {
  const wanted = queryOf(request).get('accept') ?? request.headers.accept;
  const chosen = choose(wanted, offers);
  if (chosen) return chosen;
  const names = offers.map(({ media }) => media).join(', ');
  throw new NotAcceptableException(`there is ${names || 'nothing'} here, not ${JSON.stringify(wanted?.slice(0, 120))}`);
}

const json: Offer = { media: 'application/dicom+json', single: true, multipart: false };

/** DICOM JSON, also by its plain name. */
export const jsonOffers: readonly Offer[] = [json, { ...json, media: 'application/json' }];
