-- CreateTable
CREATE TABLE "station" (
    "stationId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "station_pkey" PRIMARY KEY ("stationId")
);

-- CreateTable
CREATE TABLE "worklist_item" (
    "itemId" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "fetchedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "worklist_item_pkey" PRIMARY KEY ("itemId")
);

-- CreateTable
CREATE TABLE "worklist_answer" (
    "key" TEXT NOT NULL,
    "itemIds" TEXT[],
    "asOf" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "worklist_answer_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "procedure" (
    "procedureId" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "worklistItemId" TEXT,
    "emergency" BOOLEAN NOT NULL,
    "recipe" JSONB NOT NULL,
    "recipeName" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "patientName" TEXT NOT NULL,
    "patientId" TEXT NOT NULL,
    "accessionNumber" TEXT,
    "description" TEXT,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "procedure_pkey" PRIMARY KEY ("procedureId")
);

-- CreateTable
CREATE TABLE "procedure_version" (
    "procedureId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "patient" JSONB NOT NULL,
    "study" JSONB NOT NULL,
    "request" JSONB,
    "reason" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "procedure_version_pkey" PRIMARY KEY ("procedureId","version")
);

-- CreateTable
CREATE TABLE "clip_note" (
    "clipId" TEXT NOT NULL,
    "kind" TEXT,
    "stationId" TEXT,
    "procedureId" TEXT,
    "requestedAt" TIMESTAMPTZ(3),
    "requestedMs" DOUBLE PRECISION,
    "request" JSONB,
    "stopRequestedAt" TIMESTAMPTZ(3),
    "description" TEXT,
    "keep" BOOLEAN NOT NULL DEFAULT false,
    "hiddenAt" TIMESTAMPTZ(3),
    "traceId" TEXT,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "clip_note_pkey" PRIMARY KEY ("clipId")
);

-- CreateTable
CREATE TABLE "counter" (
    "name" TEXT NOT NULL,
    "value" INTEGER NOT NULL,

    CONSTRAINT "counter_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL,
    "traceId" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "messageId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "traceparent" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "publishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "projection_position" (
    "name" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "streamCreated" TEXT,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "projection_position_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "projection_skip" (
    "sequence" BIGINT NOT NULL,
    "subject" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "projection_skip_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "clip_fact" (
    "clipId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "eventId" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "firstAt" TIMESTAMPTZ(3) NOT NULL,
    "sequence" BIGINT NOT NULL,
    "firstSequence" BIGINT NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "clip_fact_pkey" PRIMARY KEY ("clipId","key")
);

-- CreateTable
CREATE TABLE "clip" (
    "clipId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "procedureId" TEXT NOT NULL,
    "patientName" TEXT NOT NULL,
    "patientId" TEXT NOT NULL,
    "accessionNumber" TEXT,
    "recipeName" TEXT,
    "description" TEXT,
    "search" TEXT NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL,
    "recordingSince" TIMESTAMPTZ(3),
    "stoppedAt" TIMESTAMPTZ(3),
    "savedAt" TIMESTAMPTZ(3),
    "requestedMs" DOUBLE PRECISION,
    "savedMs" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "truncated" BOOLEAN NOT NULL DEFAULT false,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "gaps" INTEGER NOT NULL DEFAULT 0,
    "failureCode" TEXT,
    "failureReason" TEXT,
    "hasPoster" BOOLEAN NOT NULL DEFAULT false,
    "posterSource" TEXT,
    "keep" BOOLEAN NOT NULL DEFAULT false,
    "hidden" BOOLEAN NOT NULL DEFAULT false,
    "traceId" TEXT,
    "changedSequence" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "clip_pkey" PRIMARY KEY ("clipId")
);

-- CreateTable
CREATE TABLE "clip_source" (
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "manifestKey" TEXT,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "frames" INTEGER NOT NULL,
    "durationMs" DOUBLE PRECISION NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "codec" TEXT NOT NULL,
    "encoder" TEXT NOT NULL,
    "frameRate" JSONB NOT NULL,
    "gaps" JSONB NOT NULL,
    "formats" INTEGER NOT NULL,
    "pacs" BOOLEAN NOT NULL,

    CONSTRAINT "clip_source_pkey" PRIMARY KEY ("clipId","sourceId")
);

-- CreateTable
CREATE TABLE "rendition" (
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "rendition" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "contentType" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "sprite" JSONB,
    "reason" TEXT,
    "encoder" TEXT,
    "readyAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rendition_pkey" PRIMARY KEY ("clipId","sourceId","rendition")
);

-- CreateTable
CREATE TABLE "instance" (
    "instanceId" TEXT NOT NULL,
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "sopInstanceUid" TEXT NOT NULL,
    "sopClassUid" TEXT NOT NULL,
    "transferSyntaxUid" TEXT NOT NULL,
    "studyInstanceUid" TEXT NOT NULL,
    "seriesInstanceUid" TEXT NOT NULL,
    "procedureVersion" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "payloadSha256" TEXT NOT NULL,
    "numberOfFrames" INTEGER NOT NULL,
    "destinations" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_pkey" PRIMARY KEY ("instanceId")
);

-- CreateTable
CREATE TABLE "delivery" (
    "deliveryId" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "sopInstanceUid" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "code" TEXT,
    "reason" TEXT,
    "retryAt" TIMESTAMPTZ(3),
    "parked" BOOLEAN NOT NULL DEFAULT false,
    "startedAt" TIMESTAMPTZ(3),
    "storedAt" TIMESTAMPTZ(3),
    "committedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("deliveryId")
);

-- CreateTable
CREATE TABLE "marker" (
    "markerId" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "procedureId" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "label" TEXT,
    "changedSequence" BIGINT NOT NULL,

    CONSTRAINT "marker_pkey" PRIMARY KEY ("markerId")
);

-- CreateTable
CREATE TABLE "alarm" (
    "sequence" BIGINT NOT NULL,
    "code" TEXT NOT NULL,
    "stationId" TEXT,
    "sourceId" TEXT,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "alarm_pkey" PRIMARY KEY ("sequence")
);

-- CreateIndex
CREATE INDEX "procedure_stationId_startedAt_idx" ON "procedure"("stationId", "startedAt" DESC);

-- CreateIndex
CREATE INDEX "procedure_patientId_idx" ON "procedure"("patientId");

-- CreateIndex
CREATE INDEX "clip_note_procedureId_idx" ON "clip_note"("procedureId");

-- CreateIndex
CREATE INDEX "audit_entry_subject_at_idx" ON "audit_entry"("subject", "at");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_messageId_key" ON "outbox"("messageId");

-- CreateIndex
CREATE INDEX "outbox_publishedAt_id_idx" ON "outbox"("publishedAt", "id");

-- CreateIndex
CREATE INDEX "clip_fact_firstSequence_idx" ON "clip_fact"("firstSequence");

-- CreateIndex
CREATE INDEX "clip_requestedAt_clipId_idx" ON "clip"("requestedAt" DESC, "clipId" DESC);

-- CreateIndex
CREATE INDEX "clip_savedMs_clipId_idx" ON "clip"("savedMs" DESC, "clipId" DESC);

-- CreateIndex
CREATE INDEX "clip_bytes_clipId_idx" ON "clip"("bytes" DESC, "clipId" DESC);

-- CreateIndex
CREATE INDEX "clip_procedureId_requestedAt_idx" ON "clip"("procedureId", "requestedAt");

-- CreateIndex
CREATE INDEX "clip_stationId_requestedAt_idx" ON "clip"("stationId", "requestedAt");

-- CreateIndex
CREATE INDEX "clip_patientId_idx" ON "clip"("patientId");

-- CreateIndex
CREATE INDEX "clip_accessionNumber_idx" ON "clip"("accessionNumber");

-- CreateIndex
CREATE INDEX "clip_state_requestedAt_idx" ON "clip"("state", "requestedAt");

-- CreateIndex
CREATE INDEX "clip_changedSequence_idx" ON "clip"("changedSequence");

-- CreateIndex
CREATE UNIQUE INDEX "instance_sopInstanceUid_key" ON "instance"("sopInstanceUid");

-- CreateIndex
CREATE INDEX "instance_clipId_idx" ON "instance"("clipId");

-- CreateIndex
CREATE INDEX "delivery_clipId_idx" ON "delivery"("clipId");

-- CreateIndex
CREATE INDEX "delivery_state_updatedAt_deliveryId_idx" ON "delivery"("state", "updatedAt" DESC, "deliveryId");

-- CreateIndex
CREATE INDEX "delivery_destination_state_idx" ON "delivery"("destination", "state");

-- CreateIndex
CREATE INDEX "marker_procedureId_at_idx" ON "marker"("procedureId", "at");

-- AddForeignKey
ALTER TABLE "procedure_version" ADD CONSTRAINT "procedure_version_procedureId_fkey" FOREIGN KEY ("procedureId") REFERENCES "procedure"("procedureId") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One procedure at a time runs at a station (Prisma's schema language has no partial index).
CREATE UNIQUE INDEX "procedure_active_per_station" ON "procedure"("stationId") WHERE "endedAt" IS NULL;
