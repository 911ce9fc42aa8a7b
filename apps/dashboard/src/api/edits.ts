import type { CreateCopy, CreateEdit, CreateExport } from '@smartbox/contracts';
import { EditView, ExportView, QualityReport, QualityView, TargetView } from '@smartbox/contracts';
import { z } from 'zod';
import { fetchAsSomebody } from '../account/session.ts';
import type { Look } from '../editor/recipes.ts';
import { catalog, expect } from './client.ts';
import type { Body } from './client.ts';
import { ApiError, errorOf } from './errors.ts';

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) }).transform(({ items }) => items);

/** Where a frame is shown through a filter chain. */
function previewUrl(clipId: string, sourceId: string, frame: number, look: NonNullable<Look>): string {
  const query = new URLSearchParams({ frame: String(frame), recipe: look.recipe, width: '960' });
  for (const [name, value] of Object.entries(look.parameters)) query.set(name, String(value));
  return `/api/v1/clips/${clipId}/sources/${sourceId}/preview?${query.toString()}`;
}

/**
 * Edits, exports and quality of a clip; errors as everywhere in `api`. The casts below only say that absent and undefined
 * are one to JSON.
 */
export const editApi = {
  edits: (clipId: string) =>
    expect(listOf(EditView), catalog.GET('/api/v1/clips/{clipId}/edits', { params: { path: { clipId } } })),
  createEdit: (clipId: string, body: z.input<typeof CreateEdit>) =>
    expect(
      EditView,
      catalog.POST('/api/v1/clips/{clipId}/edits', {
        params: { path: { clipId } },
        body: body as Body<'createEdit'>,
      }),
    ),
  cancelEdit: (clipId: string, renditionId: string) =>
    expect(
      EditView,
      catalog.POST('/api/v1/clips/{clipId}/edits/{renditionId}/cancel', { params: { path: { clipId, renditionId } } }),
    ),
  exports: (clipId: string) =>
    expect(listOf(ExportView), catalog.GET('/api/v1/clips/{clipId}/exports', { params: { path: { clipId } } })),
  createExport: (clipId: string, body: z.input<typeof CreateExport>) =>
    expect(
      listOf(ExportView),
      catalog.POST('/api/v1/clips/{clipId}/exports', {
        params: { path: { clipId } },
        body: body as Body<'createExport'>,
      }),
    ),
  cancelExport: (clipId: string, renditionId: string) =>
    expect(
      ExportView,
      catalog.POST('/api/v1/clips/{clipId}/exports/{renditionId}/cancel', {
        params: { path: { clipId, renditionId } },
      }),
    ),
  targets: (stationId: string) =>
    expect(listOf(TargetView), catalog.GET('/api/v1/export-targets', { params: { query: { stationId } } })),
  archiveExport: (clipId: string, renditionId: string, destinations: string[]) =>
    expect(
      ExportView,
      catalog.POST('/api/v1/clips/{clipId}/exports/{renditionId}/archive', {
        params: { path: { clipId, renditionId } },
        body: { destinations },
      }),
    ),
  copyExport: (clipId: string, renditionId: string, body: z.input<typeof CreateCopy>) =>
    expect(
      ExportView,
      catalog.POST('/api/v1/clips/{clipId}/exports/{renditionId}/copies', {
        params: { path: { clipId, renditionId } },
        body,
      }),
    ),
  cancelCopy: (clipId: string, renditionId: string, copyId: string) =>
    expect(
      ExportView,
      catalog.POST('/api/v1/clips/{clipId}/exports/{renditionId}/copies/{copyId}/cancel', {
        params: { path: { clipId, renditionId, copyId } },
      }),
    ),
  quality: (clipId: string) =>
    expect(listOf(QualityView), catalog.GET('/api/v1/clips/{clipId}/quality', { params: { path: { clipId } } })),
  qualityReport: (clipId: string, qualityId: string) =>
    expect(
      QualityReport,
      catalog.GET('/api/v1/clips/{clipId}/quality/{qualityId}', { params: { path: { clipId, qualityId } } }),
    ),
  /** @throws ApiError, or AbortError when a newer wish has come. */
  preview: async (
    clipId: string,
    sourceId: string,
    frame: number,
    look: NonNullable<Look>,
    signal: AbortSignal,
  ): Promise<Blob> => {
    const request = new Request(previewUrl(clipId, sourceId, frame, look), { signal });
    const response = await fetchAsSomebody(request).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiError(0, 'network', '');
    });
    if (response.ok) return response.blob();
    throw errorOf(response, await response.json().catch(() => undefined));
  },
};
