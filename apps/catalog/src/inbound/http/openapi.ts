import {
  AppConfig,
  ClipDetail,
  ClipSourceView,
  ClipState,
  ClipView,
  DeliveryQueueItem,
  DeliveryView,
  DestinationsView,
  DestinationView,
  EchoResult,
  FeedMessage,
  Gap,
  InstanceView,
  JourneyStep,
  LiveGrant,
  MarkerView,
  Patient,
  Problem,
  ProcedureView,
  Recipe,
  RenditionView,
  RingWindow,
  StationPresence,
  StationView,
  WorklistItem,
  WorklistView,
} from '@smartbox/contracts';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';
import { operations, type Operation } from './operations.ts';

const components = {
  AppConfig,
  ClipDetail,
  ClipSourceView,
  ClipState,
  ClipView,
  DeliveryQueueItem,
  DeliveryView,
  DestinationView,
  DestinationsView,
  EchoResult,
  FeedMessage,
  Gap,
  InstanceView,
  JourneyStep,
  LiveGrant,
  MarkerView,
  Patient,
  Problem,
  ProcedureView,
  Recipe,
  RenditionView,
  RingWindow,
  StationPresence,
  StationView,
  WorklistItem,
  WorklistView,
};
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});

function describe(name: string, operation: Operation): ZodOpenApiOperationObject {
  const { response, status = 200, kind, params, query, body } = operation;
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
  const requestParams = { ...(params ? { path: params } : {}), ...(query ? { query } : {}) };
  return {
    operationId: name,
    summary: operation.summary,
    ...(params || query ? { requestParams } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      [String(status)]: { description: operation.summary, ...content },
      ...ranges,
      default: problem('What was wrong (RFC 9457)'),
    },
  };
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
    components: { schemas: components },
  });
  return made;
}
