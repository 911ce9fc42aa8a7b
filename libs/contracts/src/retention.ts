import { z } from 'zod';
import { ConsentState, Token } from './primitives.ts';

/** What a rule is about: a source of a clip, recording or still as it was saved, or a film that was made of one. */
export const RetentionKind = z.enum(['clip', 'recording', 'still', 'edit', 'export']);
export type RetentionKind = z.infer<typeof RetentionKind>;

/** How far something has to be before it may go. */
export const RetentionNeeds = z.enum(['archived', 'sent', 'saved']);
export type RetentionNeeds = z.infer<typeof RetentionNeeds>;

const listed = <T extends z.ZodType>(item: T) => z.array(item).min(1).optional();

export const RetentionRule = z.object({
  name: Token,
  title: z.object({ de: z.string(), en: z.string() }).optional(),
  /** What is absent does not matter to the rule. */
  kinds: listed(RetentionKind),
  stations: listed(Token),
  sources: listed(Token),
  recipes: listed(Token),
  /** Of sources that go to the PACS, or that do not. */
  pacs: z.boolean().optional(),
  consent: listed(ConsentState),
  /** Of what a person took back right after saving it; without this, never of that. */
  takenBack: z.boolean().default(false),
  longerThanSeconds: z.int().positive().optional(),
  /** Less than `archived` has to be said. */
  needs: RetentionNeeds.default('archived'),
  /** Since it was saved or made; `never`: it stays, whatever the rules below say. */
  days: z.union([z.int().min(0).max(36_500), z.literal('never')]),
});
export type RetentionRule = z.infer<typeof RetentionRule>;

/** `config/retention.yaml`; without the file nothing is ever removed. The first rule that fits decides. */
export const RetentionFile = z.object({
  /** `dry-run`: is only shown. */
  mode: z.enum(['dry-run', 'on']).default('dry-run'),
  rules: z
    .array(RetentionRule)
    .max(100)
    .refine((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, {
      error: 'two rules have the same name',
    }),
  /** So long after a changed file was first read, nothing is removed by it. */
  noticeHours: z.int().min(0).max(720).default(24),
  /** Removals in an hour at most. */
  perHour: z.int().min(1).max(100_000).default(600),
  store: z
    .object({
      /** Room that the object store has for SmartBox. */
      capacityBytes: z.int().positive(),
      /** An alarm when it will be full within so many days. */
      warnDays: z.int().min(1).max(365).default(30),
    })
    .optional(),
});
export type RetentionFile = z.infer<typeof RetentionFile>;
