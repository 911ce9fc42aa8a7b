import type { z } from 'zod';
import * as commands from './commands.ts';
import * as devices from './devices.ts';
import * as buffer from './events/buffer.ts';
import * as edge from './events/capture-edge.ts';
import * as catalog from './events/catalog.ts';
import * as streaming from './events/streaming.ts';
import * as work from './events/work.ts';
import * as exports from './exports.ts';
import * as imports from './imports.ts';
import * as rpcs from './rpc.ts';

/** The services on the line; also the second token of every subject. */
export const services = [
  'capture-edge',
  'buffer',
  'transcoder',
  'dicomizer',
  'pacs-gateway',
  'streaming',
  'catalog',
] as const;
export type Service = (typeof services)[number];

/** `<service>.<aggregate>.<fact>` -> schema of `data`. The subject is `evt.<key>`, the type `smartbox.<key>.v1`. */
export const events = {
  'capture-edge.source.state-changed': edge.SourceStateChanged,
  'capture-edge.source.format-changed': edge.SourceFormatChanged,
  'capture-edge.ring.gap-recorded': edge.RingGapRecorded,
  'capture-edge.broker.lost': edge.BrokerTrouble,
  'capture-edge.broker.regained': edge.BrokerTrouble,
  'buffer.clip.saved': buffer.ClipSaved,
  'buffer.clip.failed': buffer.ClipFailed,
  'buffer.recording.started': buffer.RecordingStarted,
  'buffer.recording.stopped': buffer.RecordingStopped,
  'buffer.marker.set': buffer.MarkerSet,
  'buffer.still.captured': buffer.StillCaptured,
  'transcoder.rendition.ready': work.RenditionReady,
  'transcoder.job.progressed': work.JobProgressed,
  'transcoder.rendition.failed': work.WorkFailed,
  'transcoder.quality.measured': work.QualityMeasured,
  'transcoder.quality.warned': work.QualityWarned,
  'transcoder.copy.written': exports.CopyWritten,
  'transcoder.clip.imported': imports.ClipImported,
  'transcoder.clip.refused': imports.ClipRefused,
  'dicomizer.instance.created': work.InstanceCreated,
  'dicomizer.instance.failed': work.WorkFailed,
  'dicomizer.export.deidentified': exports.ExportDeidentified,
  'pacs-gateway.delivery.started': work.DeliveryStarted,
  'pacs-gateway.delivery.deferred': work.DeliveryDeferred,
  'pacs-gateway.delivery.failed': work.DeliveryFailed,
  'pacs-gateway.delivery.replaced': work.DeliveryReplaced,
  'pacs-gateway.instance.stored': work.InstanceStored,
  'pacs-gateway.instance.committed': work.InstanceCommitted,
  'pacs-gateway.instance.commitment-failed': work.InstanceCommitmentFailed,
  'pacs-gateway.instance.commitment-waived': work.InstanceCommitmentWaived,
  'pacs-gateway.certificate.ending': work.CertificateEnding,
  'pacs-gateway.procedure-step.reported': work.ProcedureStepReported,
  'pacs-gateway.procedure-step.deferred': work.ProcedureStepDeferred,
  'streaming.viewer.joined': streaming.ViewerJoined,
  'streaming.viewer.left': streaming.ViewerLeft,
  'streaming.conversation.joined': streaming.ConversationJoined,
  'streaming.conversation.left': streaming.ConversationLeft,
  'streaming.speech.began': streaming.ActBegan,
  'streaming.speech.ended': streaming.ActEnded,
  'streaming.drawing.began': streaming.ActBegan,
  'streaming.drawing.ended': streaming.ActEnded,
  'catalog.procedure.started': catalog.ProcedureStarted,
  'catalog.procedure.ended': catalog.ProcedureEnded,
  'catalog.procedure.corrected': catalog.ProcedureCorrected,
  'catalog.clip.reassigned': catalog.ClipReassigned,
  'catalog.clip.removed': catalog.ClipRemoved,
  'catalog.store.filling': catalog.StoreFilling,
  'catalog.access.opened': catalog.AccessOpened,
  'catalog.audit.broken': catalog.AuditBroken,
  'catalog.audit.behind': catalog.AuditBehind,
  'catalog.audit.caught-up': catalog.AuditCaughtUp,
} as const satisfies Record<string, z.ZodType>;
export type EventName = keyof typeof events;
export type EventData<N extends EventName> = z.output<(typeof events)[N]>;

/** `<service>.<verb>` -> schema. The subject is `cmd.<key>`. */
export const commandMap = {
  'buffer.save-clip': commands.SaveClip,
  'buffer.start-recording': commands.StartRecording,
  'buffer.stop-recording': commands.StopRecording,
  'buffer.capture-still': commands.CaptureStill,
  'buffer.set-marker': commands.SetMarker,
  'transcoder.cancel-job': commands.CancelJob,
  'transcoder.prepare-again': commands.PrepareAgain,
  'transcoder.edit-clip': commands.EditClip,
  'transcoder.export-clip': commands.ExportClip,
  'transcoder.archive-export': exports.ArchiveExport,
  'transcoder.copy-export': exports.CopyExport,
  'transcoder.import-clip': imports.ImportClip,
  'transcoder.make-rendition': commands.MakeRendition,
  'pacs-gateway.retry-delivery': commands.RetryDelivery,
} as const satisfies Record<string, z.ZodType>;
export type CommandName = keyof typeof commandMap;
export type CommandData<N extends CommandName> = z.output<(typeof commandMap)[N]>;

/** `<service>.<verb>` -> request and reply. The subject is `rpc.<key>`. */
export const rpcMap = {
  'buffer.save-clip': { request: commands.SaveClip, reply: rpcs.SaveClipReply },
  'buffer.get-window': { request: rpcs.RingWindowRequest, reply: rpcs.RingWindow },
  'capture-edge.idr': { request: rpcs.IdrRequest, reply: rpcs.IdrReply },
  'transcoder.preview-frame': { request: rpcs.PreviewFrameRequest, reply: rpcs.PreviewFrameReply },
  'transcoder.take-frame': { request: rpcs.TakeFrameRequest, reply: rpcs.TakeFrameReply },
  'transcoder.list-targets': { request: exports.ListTargetsRequest, reply: exports.TargetsReply },
  'capture-edge.whip': { request: rpcs.WhipRequest, reply: rpcs.WhipReply },
  'capture-edge.list-devices': { request: devices.ListDevicesRequest, reply: devices.DevicesReply },
  'capture-edge.take-device-picture': { request: devices.DevicePictureRequest, reply: devices.DevicePicture },
  'catalog.get-procedure': { request: rpcs.GetProcedureRequest, reply: rpcs.ProcedureSnapshot },
  'pacs-gateway.find-worklist': { request: rpcs.WorklistQuery, reply: rpcs.WorklistReply },
  'pacs-gateway.echo': { request: rpcs.EchoRequest, reply: rpcs.EchoResult },
  'pacs-gateway.get-procedure-step': { request: rpcs.ProcedureStepRequest, reply: rpcs.ProcedureStepReply },
  'pacs-gateway.list-destinations': { request: rpcs.ListDestinationsRequest, reply: rpcs.DestinationsReply },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;
export type RpcName = keyof typeof rpcMap;
export type RpcRequest<N extends RpcName> = z.output<(typeof rpcMap)[N]['request']>;
export type RpcReply<N extends RpcName> = z.output<(typeof rpcMap)[N]['reply']>;

export const eventSubject = (name: EventName) => `evt.${name}`;
export const eventType = (name: EventName) => `smartbox.${name}.v1`;
export const commandSubject = (name: CommandName) => `cmd.${name}`;
/** `rpc.capture-edge.*` are answered per station: their subjects carry the station as a last token. */
export const rpcSubject = (name: RpcName, station?: string) => (station ? `rpc.${name}.${station}` : `rpc.${name}`);
export const ringSubject = (station: string, source: string) => `ring.${station}.${source}`;
export const liveSubject = (station: string, source: string) => `live.${station}.${source}`;
export const deadSubject = (service: Service) => `dead.${service}`;
