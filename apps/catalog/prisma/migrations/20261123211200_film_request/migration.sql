-- CreateTable
CREATE TABLE "film_request" (
    "renditionId" TEXT NOT NULL,
    "clipId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "exportId" TEXT,
    "profile" TEXT,
    "editId" TEXT,
    "name" TEXT,
    "request" JSONB NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL,
    "cancelledAt" TIMESTAMPTZ(3),

    CONSTRAINT "film_request_pkey" PRIMARY KEY ("renditionId")
);

-- CreateIndex
CREATE INDEX "film_request_clipId_requestedAt_idx" ON "film_request"("clipId", "requestedAt" DESC);

-- CreateIndex
CREATE INDEX "film_request_exportId_idx" ON "film_request"("exportId");
