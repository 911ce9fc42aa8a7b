import { Token, Ulid, type Permission } from '@smartbox/contracts';
import { z } from 'zod';
import type { AuditAction } from '../../domain/audit/actions.ts';

/** Who may: anybody, anybody who is somebody, or whoever has the permission, or all of several. */
export type Needs = 'public' | 'signed-in' | Permission | readonly [Permission, Permission, ...Permission[]];

/** One operation of the REST interface: the routes, the checks and docs/api/openapi.json are made of these. */
export interface Operation {
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  /** Below /api/v1, as Nest writes it: `/clips/:clipId`. */
  path: string;
  summary: string;
  /**
   * What the caller has to be allowed. Rooms are checked besides: by `stationId`, `clipId`, `procedureId` and `uid`
   * wherever they stand in path, query or body.
   */
  needs: Needs;
  /** What some inputs need besides: checked by the handler (`demand`), named in the interface's description. */
  alsoNeeds?: { permission: Permission; when: string };
  /** It is about rooms that the caller does not reach. */
  beyondReach?: boolean;
  /** Reading it is noted in the audit under this name. */
  logs?: AuditAction;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Request headers, by their names in lower case. */
  headers?: z.ZodObject;
  body?: z.ZodType;
  /** Media type of a body that is no JSON: the handler reads it as it comes. */
  takes?: string;
  /** Default 200. */
  status?: number;
  /** A schema (JSON), or a media type. Absent: no content. */
  response?: z.ZodType | string;
  /** `bytes` answer Range requests, `events` never end. */
  kind?: 'bytes' | 'events';
}

export const permissionsIn = (needs: Needs): readonly Permission[] => {
  if (needs === 'public' || needs === 'signed-in') return [];
  return typeof needs === 'string' ? [needs] : needs;
};

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** Parts of the addresses. */
export const clipId = z.object({ clipId: Ulid });
export const stationId = z.object({ stationId: Token });
export const procedureId = z.object({ procedureId: Ulid });
export const rendition = z.object({ clipId: Ulid, renditionId: Ulid });
export const source = z.object({ clipId: Ulid, sourceId: Token });

/** Parts of the queries. */
export const text = z.string().trim().min(1).max(200);
export const limit = z.coerce.number().int().min(1).max(200).default(50);
export const cursor = z.string().max(500).optional();
export const day = z.iso.date('a day such as 2026-11-23');
export const oneOrMore = <T extends z.ZodType<string>>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(item).min(1)).optional();
