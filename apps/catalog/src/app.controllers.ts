import { accessControllers } from './app.access.ts';
import { AlarmsController } from './inbound/http/alarms.controller.ts';
import { AuditController } from './inbound/http/audit.controller.ts';
import { ClipsController } from './inbound/http/clips.controller.ts';
import { ConversationsController } from './inbound/http/conversations.controller.ts';
import { DashboardController } from './inbound/http/dashboard.controller.ts';
import { DeadLettersController } from './inbound/http/dead-letters.controller.ts';
import { DeliveriesController } from './inbound/http/deliveries.controller.ts';
import { QidoController } from './inbound/http/dicomweb/qido.controller.ts';
import { WadoController } from './inbound/http/dicomweb/wado.controller.ts';
import { ExportsController } from './inbound/http/exports.controller.ts';
import { FeedController } from './inbound/http/feed.controller.ts';
import { FilmsController } from './inbound/http/films.controller.ts';
import { FramesController } from './inbound/http/frames.controller.ts';
import { ImportsController } from './inbound/http/imports.controller.ts';
import { MediaController } from './inbound/http/media.controller.ts';
import { ProceduresController } from './inbound/http/procedures.controller.ts';
import { RetentionController } from './inbound/http/retention.controller.ts';
import { StationsController } from './inbound/http/stations.controller.ts';
import { WebhooksController } from './inbound/http/webhooks.controller.ts';
import { ProcedureRpc } from './inbound/rpc/procedure.rpc.ts';

/** Whatever answers over HTTP or NATS; the dashboard's own files last, as they answer what nobody else does. */
export const controllers = [
  ClipsController,
  ProceduresController,
  StationsController,
  ConversationsController,
  DeliveriesController,
  DeadLettersController,
  MediaController,
  ImportsController,
  ExportsController,
  FilmsController,
  FramesController,
  FeedController,
  AlarmsController,
  AuditController,
  ProcedureRpc,
  WebhooksController,
  RetentionController,
  QidoController,
  WadoController,
  ...accessControllers,
  DashboardController,
];
