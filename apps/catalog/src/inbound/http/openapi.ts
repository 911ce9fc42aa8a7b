import {
  AccountView,
  AlarmView,
  DeadLetterView,
  ApiTokenView,
  AppConfig,
  AuditChainView,
  AuditCheck,
  AuditEntryView,
  AuditView,
  CallerView,
  ClipDetail,
  ClipSourceView,
  ClipState,
  ClipView,
  ConfigFileView,
  Consent,
  DeliveryQueueItem,
  DeliveryView,
  DestinationsView,
  DestinationView,
  EchoResult,
  EditStep,
  EditView,
  Enhancement,
  ExportProfile,
  ExportView,
  FeedMessage,
  Gap,
  HoldNote,
  HoldView,
  InstanceView,
  JourneyStep,
  LiveGrant,
  MarkerView,
  OpenUpload,
  Patient,
  PlannedDay,
  Problem,
  ProcedureView,
  QualityReport,
  QualitySummary,
  QualityView,
  Recipe,
  Redaction,
  RemovalView,
  Removed,
  RenditionView,
  RetentionItem,
  RetentionView,
  RingWindow,
  RuleView,
  SourceTest,
  StationPresence,
  StationSettings,
  StationView,
  StoreForecast,
  WebhookDeliveryView,
  WebhookTest,
  WebhookView,
  WorklistItem,
  WorklistView,
} from '@smartbox/contracts';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';
import { permissionsIn } from './operation.ts';
import { operations, type Operation } from './operations.ts';

const components = {
  AccountView,
  AlarmView,
  DeadLetterView,
  ApiTokenView,
  AppConfig,
  AuditChainView,
  AuditCheck,
  AuditEntryView,
  AuditView,
  CallerView,
  ClipDetail,
  ClipSourceView,
  ClipState,
  ClipView,
  Consent,
  ConfigFileView,
  DeliveryQueueItem,
  DeliveryView,
  DestinationView,
  DestinationsView,
  EchoResult,
  EditStep,
  EditView,
  Enhancement,
  ExportProfile,
  ExportView,
  FeedMessage,
  Gap,
  HoldNote,
  HoldView,
  InstanceView,
  JourneyStep,
  LiveGrant,
  MarkerView,
  OpenUpload,
  Patient,
  PlannedDay,
  Problem,
  ProcedureView,
  QualityReport,
  QualitySummary,
  QualityView,
  Recipe,
  Redaction,
  RemovalView,
  Removed,
  RenditionView,
  RetentionItem,
  RetentionView,
  RingWindow,
  RuleView,
  SourceTest,
  StationPresence,
  StationSettings,
  StationView,
  WebhookDeliveryView,
  WebhookTest,
  WebhookView,
  StoreForecast,
  WorklistItem,
  WorklistView,
};
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});

function describe(name: string, operation: Operation): ZodOpenApiOperationObject {
  const { response, status = 200, kind, params, query, headers, body, takes } = operation;
  const binary = { schema: { type: 'string' as const, format: 'binary' } };
  const content =
    response === undefined
      ? {}
      : typeof response === 'string'
        ? { content: { [response]: kind === 'events' ? { schema: FeedMessage } : binary } }
        : { content: { 'application/json': { schema: response } } };
  const ranges =
    kind === 'bytes' && typeof response === 'string'
      ? {
          206: { description: 'The range asked for', content: { [response]: binary } },
          416: { description: 'The range lies behind the end' },
        }
      : {};
  const requestParams = {
    ...(params ? { path: params } : {}),
    ...(query ? { query } : {}),
    ...(headers ? { header: headers } : {}),
  };
  return {
    operationId: name,
    summary: operation.summary,
    ...(params || query || headers ? { requestParams } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    ...(takes ? { requestBody: { required: true, content: { [takes]: binary } } } : {}),
    ...access(operation),
    responses: {
      [String(status)]: { description: operation.summary, ...content },
      ...ranges,
      default: problem('What was wrong (RFC 9457)'),
    },
  };
}

/** Who may, as a machine reads it: the schemes, and the permissions (docs/security.md says which role brings them). */
function access({ needs, alsoNeeds }: Operation) {
  if (needs === 'public') return { security: [] };
  const also = alsoNeeds ? { 'x-permission-also': alsoNeeds } : {};
  return { security: [{ session: [] }, { token: [] }], 'x-permission': [...permissionsIn(needs)], ...also };
}

let made: object | undefined;

/** The OpenAPI 3.1 document of /api/v1, made of the very schemas that check the requests. */
export function openApi(): object {
  if (made) return made;
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const path = `/api/v1${operation.path.replace(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [operation.method]: describe(name, operation) };
  }
  made = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'SmartBox catalog',
      version: '1',
      description: 'Stations, procedures, clips and their way into the archive. Times are UTC (RFC 3339).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: paths,
    components: {
      schemas: components,
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'smartbox-session',
          description: 'Of a person who signed in; over TLS with the prefix __Host-. A paired panel has smartbox-panel',
        },
        token: { type: 'http', scheme: 'bearer', description: 'An API token of another system' },
      },
    },
  });
  return made;
}
