import {
  AlarmView,
  AuditView,
  ClipView,
  DeliveryQueueItem,
  type DestinationView,
  ProcedureView,
  StationView,
  type WorklistItem as WorklistItemSchema,
  page,
} from '@smartbox/contracts';
import { z } from 'zod';

/** Answers that the contracts describe by their parts only. Lists come bare or as `{items}`. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.union([z.array(item), z.object({ items: z.array(item) }).transform((list) => list.items)]);

export const Stations = listOf(StationView);
export const Procedures = listOf(ProcedureView);
export const ClipPage = page(ClipView);
export const Alarms = z.object({ items: z.array(AlarmView) });
export const AuditTrail = z.object({ items: z.array(AuditView) });
export const DeliveryPage = page(DeliveryQueueItem);

export type ClipPage = z.infer<typeof ClipPage>;
export type DeliveryItem = z.infer<typeof DeliveryQueueItem>;
export type Destination = z.infer<typeof DestinationView>;
export type WorklistItem = WorklistItemSchema;
