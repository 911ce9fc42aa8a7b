-- AlterTable
ALTER TABLE "clip" ADD COLUMN     "consent" TEXT NOT NULL DEFAULT 'unknown',
ADD COLUMN     "held" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "removedAt" TIMESTAMPTZ(3),
ADD COLUMN     "removedBy" TEXT;

-- AlterTable
ALTER TABLE "clip_source" ADD COLUMN     "removedAt" TIMESTAMPTZ(3),
ADD COLUMN     "removedBy" TEXT,
ADD COLUMN     "storedBytes" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "film_request" ADD COLUMN     "purpose" TEXT;

-- AlterTable
ALTER TABLE "instance" ADD COLUMN     "removedAt" TIMESTAMPTZ(3),
ADD COLUMN     "renditionId" TEXT;

-- AlterTable
ALTER TABLE "procedure" ADD COLUMN     "consent" TEXT NOT NULL DEFAULT 'unknown',
ADD COLUMN     "consentAt" TIMESTAMPTZ(3),
ADD COLUMN     "consentBy" TEXT;

-- CreateTable
CREATE TABLE "legal_hold" (
    "holdId" TEXT NOT NULL,
    "clipId" TEXT,
    "procedureId" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "releasedAt" TIMESTAMPTZ(3),
    "releasedBy" TEXT,
    "releaseReason" TEXT,

    CONSTRAINT "legal_hold_pkey" PRIMARY KEY ("holdId")
);

-- CreateTable
CREATE TABLE "removal" (
    "removalId" TEXT NOT NULL,
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "renditionId" TEXT,
    "kind" TEXT NOT NULL,
    "procedureId" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "objects" INTEGER NOT NULL,
    "bytes" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "removedAt" TIMESTAMPTZ(3),

    CONSTRAINT "removal_pkey" PRIMARY KEY ("removalId")
);

-- CreateTable
CREATE TABLE "retention_rules" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "sha256" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "retention_rules_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "legal_hold_clipId_idx" ON "legal_hold"("clipId");

-- CreateIndex
CREATE INDEX "legal_hold_procedureId_idx" ON "legal_hold"("procedureId");

-- CreateIndex
CREATE INDEX "legal_hold_releasedAt_at_idx" ON "legal_hold"("releasedAt", "at" DESC);

-- CreateIndex
CREATE INDEX "removal_clipId_idx" ON "removal"("clipId");

-- CreateIndex
CREATE INDEX "removal_removedAt_removalId_idx" ON "removal"("removedAt", "removalId");

-- CreateIndex
CREATE INDEX "removal_at_removalId_idx" ON "removal"("at" DESC, "removalId" DESC);

-- CreateIndex
CREATE INDEX "clip_removedAt_savedAt_idx" ON "clip"("removedAt", "savedAt");

-- CreateIndex
CREATE INDEX "instance_renditionId_idx" ON "instance"("renditionId");

-- What is known already
UPDATE "instance" i SET "renditionId" = f."data"->>'renditionId'
FROM "clip_fact" f WHERE f."clipId" = i."clipId" AND f."key" = 'instance/' || i."instanceId";

UPDATE "clip_source" s SET "storedBytes" = s."bytes"
  + coalesce((SELECT sum(r."bytes") FROM "rendition" r
      WHERE r."clipId" = s."clipId" AND r."sourceId" = s."sourceId" AND r."key" <> s."key"), 0)
  + coalesce((SELECT sum(i."bytes") FROM "instance" i
      WHERE i."clipId" = s."clipId" AND i."sourceId" = s."sourceId"
        AND coalesce(i."rendition", 'pacs') NOT IN ('edit', 'export')), 0);
