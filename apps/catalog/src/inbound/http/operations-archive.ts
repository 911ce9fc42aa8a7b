import {
  DeadLetterView,
  DeliverAllAgain,
  DeliveredAgain,
  DeliveryQueueItem,
  DestinationsView,
  DiscardLetter,
  EchoResult,
  page,
  Token,
  Uid,
} from '@smartbox/contracts';
import { z } from 'zod';
import { cursor, limit, listOf, oneOrMore, type Operation } from './operation.ts';

const deliveryStates = ['waiting', 'sending', 'deferred', 'stored', 'committed', 'failed', 'replaced'] as const;

const letter = z.object({ sequence: z.coerce.number().int().positive() });

/** The way into the archives, and what was given up on the way: part of `operations`. */
export const archiveOperations = {
  getInstanceFile: {
    method: 'get',
    path: '/instances/:uid/file',
    summary: 'The DICOM object (Part 10)',
    needs: ['clip.export', 'patient.read'],
    logs: 'clip.download',
    params: z.object({ uid: Uid }),
    response: 'application/dicom',
    kind: 'bytes',
  },
  listDestinations: {
    method: 'get',
    path: '/destinations',
    summary: 'Archives, whether they are parked, and what waits for them',
    needs: 'delivery.read',
    response: DestinationsView,
  },
  echoDestination: {
    method: 'post',
    path: '/destinations/:name/echo',
    summary: 'C-ECHO, now',
    needs: 'admin.system',
    params: z.object({ name: Token }),
    response: EchoResult,
  },
  listDeliveries: {
    method: 'get',
    path: '/deliveries',
    summary: 'What goes to the archives: waiting, deferred and given up, with the reason',
    needs: 'delivery.read',
    logs: 'delivery.list',
    query: z.object({ destination: Token.optional(), state: oneOrMore(z.enum(deliveryStates)), limit, cursor }),
    response: page(DeliveryQueueItem),
  },
  listDeadLetters: {
    method: 'get',
    path: '/dead-letters',
    summary: 'Messages that a service gave up for good, with the reason, the newest first, 90 days',
    needs: 'admin.system',
    query: z.object({
      limit,
      before: z.coerce.number().int().positive().optional().describe('the last `sequence` of the page before'),
    }),
    response: listOf(DeadLetterView),
  },
  deliverDeadLetter: {
    method: 'post',
    path: '/dead-letters/:sequence/deliver',
    summary: 'Once more to the consumer that gave it up; gone when that is done with it, back when it fails. Audited',
    needs: 'admin.system',
    params: letter,
    status: 202,
  },
  deliverDeadLetters: {
    method: 'post',
    path: '/dead-letters/deliver',
    summary: 'Everything that one consumer gave up once more, the oldest first. Audited',
    needs: 'admin.system',
    body: DeliverAllAgain,
    status: 202,
    response: DeliveredAgain,
  },
  discardDeadLetter: {
    method: 'post',
    path: '/dead-letters/:sequence/discard',
    summary: 'Nobody gets it any more; audited with the reason',
    needs: 'admin.system',
    params: letter,
    body: DiscardLetter,
    status: 204,
  },
} as const satisfies Record<string, Operation>;
