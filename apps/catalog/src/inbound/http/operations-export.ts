import { ArchiveRequest, CreateCopy, CreateExport, ExportView, TargetView, Token, Ulid } from '@smartbox/contracts';
import { z } from 'zod';
import { clipId, listOf, rendition, type Operation } from './operation.ts';

const playlist = z.string().regex(/^[\w-]+\.m3u8$/);
const segment = z.object({
  variant: z.string().regex(/^[\w-]+$/),
  file: z.string().regex(/^[\w-]+\.(m3u8|mp4|m4s)$/),
});

/** Exporting, and where exports go: part of `operations`. */
export const exportOperations = {
  createExport: {
    method: 'post',
    path: '/clips/:clipId/exports',
    summary: 'One file for each profile, of a source or an edit; decoded once. The same exportId is the same export',
    needs: 'clip.export',
    params: clipId,
    body: CreateExport,
    status: 202,
    response: listOf(ExportView),
  },
  listExports: {
    method: 'get',
    path: '/clips/:clipId/exports',
    summary: 'Exports of a clip with progress, size and quality, the newest first',
    needs: 'clip.read',
    params: clipId,
    response: listOf(ExportView),
  },
  cancelExport: {
    method: 'post',
    path: '/clips/:clipId/exports/:renditionId/cancel',
    summary: 'Stop the request that this file belongs to; what is ready stays',
    needs: 'clip.export',
    params: rendition,
    status: 202,
    response: ExportView,
  },
  getExportFile: {
    method: 'get',
    path: '/clips/:clipId/exports/:renditionId/file',
    summary: 'The exported file, to be saved; a broken download goes on by Range. Audited',
    needs: 'clip.export',
    params: rendition,
    response: 'application/octet-stream',
    kind: 'bytes',
  },
  playExport: {
    method: 'get',
    path: '/clips/:clipId/exports/:renditionId/hls/:playlist',
    summary: 'The playlist of a streaming export (HLS, RFC 8216): played in place. Audited',
    needs: 'clip.read',
    params: rendition.extend({ playlist }),
    response: 'application/vnd.apple.mpegurl',
    kind: 'bytes',
  },
  getSegment: {
    method: 'get',
    path: '/clips/:clipId/exports/:renditionId/hls/:variant/:file',
    summary: 'What the playlists name; Range, If-Range, ETag',
    needs: 'clip.read',
    params: rendition.extend(segment.shape),
    response: 'video/*',
    kind: 'bytes',
  },
  archiveExport: {
    method: 'post',
    path: '/clips/:clipId/exports/:renditionId/archive',
    summary: 'It becomes a DICOM object and goes to these destinations, too; refused with the rule where DICOM has no place for it', // prettier-ignore
    needs: 'clip.export',
    params: rendition,
    body: ArchiveRequest,
    status: 202,
    response: ExportView,
  },
  listTargets: {
    method: 'get',
    path: '/export-targets',
    summary: 'Sticks and shares of the site: what is there now, and how much is free on it',
    needs: 'clip.export',
    query: z.object({ stationId: Token.optional() }),
    response: listOf(TargetView),
  },
  createCopy: {
    method: 'post',
    path: '/clips/:clipId/exports/:renditionId/copies',
    summary: 'Onto a stick or a share, read back from there. The same copyId is the same copy. Audited',
    needs: 'clip.export',
    params: rendition,
    body: CreateCopy,
    status: 202,
    response: ExportView,
  },
  cancelCopy: {
    method: 'post',
    path: '/clips/:clipId/exports/:renditionId/copies/:copyId/cancel',
    summary: 'Nothing of it stays there; what is written stays',
    needs: 'clip.export',
    params: rendition.extend({ copyId: Ulid }),
    status: 202,
    response: ExportView,
  },
} as const satisfies Record<string, Operation>;
