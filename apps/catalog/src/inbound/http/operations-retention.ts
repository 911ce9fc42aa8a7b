import {
  CreateHold,
  HoldView,
  page,
  PlannedDay,
  ReleaseHold,
  RemovalView,
  RetentionBlock,
  RetentionItem,
  RetentionView,
  Token,
  Ulid,
} from '@smartbox/contracts';
import { z } from 'zod';
import { cursor, day, limit, listOf, type Operation } from './operation.ts';

/** What is removed when, what never is, and what was: part of `operations`. */
export const retentionOperations = {
  getRetention: {
    method: 'get',
    path: '/retention',
    summary: 'The rules (retention.yaml), what they would do, what they did, and how long the store will do',
    needs: 'admin.system',
    response: RetentionView,
  },
  getRetentionPlan: {
    method: 'get',
    path: '/retention/plan',
    summary: 'What would go on which day by which rule, and how much it sets free; also in a dry run',
    needs: 'admin.system',
    query: z.object({ days: z.coerce.number().int().min(1).max(730).default(90) }),
    response: listOf(PlannedDay),
  },
  listRetentionItems: {
    method: 'get',
    path: '/retention/items',
    summary: 'One by one: what goes on a day by a rule, or what is due and stays because of something',
    needs: 'admin.system',
    query: z.object({
      date: day.optional(),
      rule: Token.optional(),
      blocked: RetentionBlock.optional(),
      limit,
      cursor,
    }),
    response: page(RetentionItem),
  },
  listRemovals: {
    method: 'get',
    path: '/retention/removals',
    summary: 'What was removed, by which rule and when; the newest first',
    needs: 'admin.system',
    query: z.object({ limit, cursor }),
    response: page(RemovalView),
  },
  listHolds: {
    method: 'get',
    path: '/holds',
    summary: 'Legal holds, those that hold first',
    needs: 'clip.read',
    query: z.object({ limit }),
    response: listOf(HoldView),
  },
  createHold: {
    method: 'post',
    path: '/holds',
    summary: 'Nothing of a clip or a procedure is removed from now on; the same holdId again is the same hold. Audited',
    needs: 'clip.hold',
    body: CreateHold,
    status: 201,
    response: HoldView,
  },
  releaseHold: {
    method: 'post',
    path: '/holds/:holdId/release',
    summary: 'The rules hold again; audited with the reason',
    needs: 'clip.hold',
    params: z.object({ holdId: Ulid }),
    body: ReleaseHold,
    response: HoldView,
  },
} as const satisfies Record<string, Operation>;
