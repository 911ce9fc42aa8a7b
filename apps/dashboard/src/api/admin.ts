import {
  ConfigFileView,
  DeadLetterView,
  DeliveredAgain,
  DevicePicture,
  DevicesReply,
  HoldView,
  page,
  PlannedDay,
  RemovalView,
  RetentionItem,
  RetentionView,
  SourceTest,
  StationSettings,
  WebhookDeliveryView,
  WebhookTest,
  WebhookView,
} from '@smartbox/contracts';
import type { RetentionBlock } from '@smartbox/contracts';
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { catalog, expect } from './client.ts';
import type { Body } from './client.ts';

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) }).transform(({ items }) => items);

/** Frames per second; `asItComes`: the sender decides on all of it. */
interface DeviceMode {
  width: number;
  height: number;
  frameRate: number;
  asItComes?: true;
}

export type Webhook = z.infer<typeof WebhookView>;
export type WebhookMessage = WebhookDeliveryView;

/** What the administration pages ask and do; errors as everywhere in `api`. */
export const adminApi = {
  stationSettings: () => expect(listOf(StationSettings), catalog.GET('/api/v1/station-settings')),
  configFiles: () => expect(listOf(ConfigFileView), catalog.GET('/api/v1/config-files')),
  stationDevices: (stationId: string) =>
    expect(DevicesReply, catalog.GET('/api/v1/stations/{stationId}/devices', { params: { path: { stationId } } })),
  /** In the mode that a source would open it in; the sender's own where that decides. */
  deviceLook: (stationId: string, path: string, { width, height, frameRate, asItComes }: DeviceMode) =>
    expect(
      DevicePicture,
      catalog.POST('/api/v1/stations/{stationId}/device-picture', {
        params: { path: { stationId } },
        body: { path, frameRate, ...(asItComes ? {} : { width, height }) },
      }),
    ),
  testSource: (stationId: string, sourceId: string) =>
    expect(
      SourceTest,
      catalog.POST('/api/v1/stations/{stationId}/sources/{sourceId}/test', {
        params: { path: { stationId, sourceId } },
      }),
    ),

  deadLetters: (before?: number) =>
    expect(
      listOf(DeadLetterView),
      catalog.GET('/api/v1/dead-letters', { params: { query: { ...(before ? { before } : {}), limit: 50 } } }),
    ),
  deliverAgain: (sequence: number) =>
    expect(z.unknown(), catalog.POST('/api/v1/dead-letters/{sequence}/deliver', { params: { path: { sequence } } })),
  deliverAllAgain: (consumer: string) =>
    expect(DeliveredAgain, catalog.POST('/api/v1/dead-letters/deliver', { body: { consumer } })),
  discardLetter: (sequence: number, reason: string) =>
    expect(
      z.unknown(),
      catalog.POST('/api/v1/dead-letters/{sequence}/discard', { params: { path: { sequence } }, body: { reason } }),
    ),

  webhooks: () => expect(listOf(WebhookView), catalog.GET('/api/v1/webhooks')),
  webhookMessages: (name: string, query: { state?: WebhookMessage['state']; before?: string }) =>
    expect(
      listOf(WebhookDeliveryView),
      catalog.GET('/api/v1/webhooks/{name}/deliveries', { params: { path: { name }, query: { ...query, limit: 50 } } }),
    ),
  resendWebhook: (name: string, messageId: string) =>
    expect(
      z.unknown(),
      catalog.POST('/api/v1/webhooks/{name}/deliveries/{messageId}/resend', { params: { path: { name, messageId } } }),
    ),
  testWebhook: (name: string) =>
    expect(WebhookTest, catalog.POST('/api/v1/webhooks/{name}/test', { params: { path: { name } } })),

  retention: () => expect(RetentionView, catalog.GET('/api/v1/retention')),
  retentionPlan: (days: number) =>
    expect(listOf(PlannedDay), catalog.GET('/api/v1/retention/plan', { params: { query: { days } } })),
  retentionItems: (query: { date?: string; rule?: string; blocked?: RetentionBlock; cursor?: string }) =>
    expect(page(RetentionItem), catalog.GET('/api/v1/retention/items', { params: { query: { ...query, limit: 50 } } })),
  removals: (cursor?: string) =>
    expect(
      page(RemovalView),
      catalog.GET('/api/v1/retention/removals', { params: { query: { ...(cursor ? { cursor } : {}), limit: 50 } } }),
    ),

  holds: () => expect(listOf(HoldView), catalog.GET('/api/v1/holds', { params: { query: { limit: 200 } } })),
  createHold: (body: Body<'createHold'>) => expect(HoldView, catalog.POST('/api/v1/holds', { body })),
  releaseHold: (holdId: string, reason: string) =>
    expect(
      HoldView,
      catalog.POST('/api/v1/holds/{holdId}/release', { params: { path: { holdId } }, body: { reason } }),
    ),
};

export const adminKeys = {
  configFiles: ['config-files'] as const,
  stationSettings: ['station-settings'] as const,
  stationDevices: (stationId: string) => ['station-devices', stationId] as const,
  deadLetters: ['dead-letters'] as const,
  webhooks: ['webhooks'] as const,
  webhookMessages: (name: string) => ['webhooks', name] as const,
  retention: ['retention'] as const,
  holds: ['holds'] as const,
};

export const configFilesOptions = queryOptions({
  queryKey: adminKeys.configFiles,
  queryFn: adminApi.configFiles,
  refetchInterval: 15_000,
});
export const stationSettingsOptions = queryOptions({
  queryKey: adminKeys.stationSettings,
  queryFn: adminApi.stationSettings,
});
/** Never an old answer: cameras are plugged in while one looks. */
export const stationDevicesOptions = (stationId: string) =>
  queryOptions({
    queryKey: adminKeys.stationDevices(stationId),
    queryFn: () => adminApi.stationDevices(stationId),
    retry: false,
    staleTime: 0,
    gcTime: 0,
  });
export const webhooksOptions = queryOptions({
  queryKey: adminKeys.webhooks,
  queryFn: adminApi.webhooks,
  refetchInterval: 10_000,
});
export const retentionOptions = queryOptions({
  queryKey: adminKeys.retention,
  queryFn: adminApi.retention,
  refetchInterval: 60_000,
});
export const retentionPlanOptions = (days: number) =>
  queryOptions({
    queryKey: [...adminKeys.retention, 'plan', days],
    queryFn: () => adminApi.retentionPlan(days),
    refetchInterval: 60_000,
  });
export const holdsOptions = queryOptions({ queryKey: adminKeys.holds, queryFn: adminApi.holds });
