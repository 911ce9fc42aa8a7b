-- CreateTable
CREATE TABLE "export_copy" (
    "copyId" TEXT NOT NULL,
    "renditionId" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL,
    "cancelledAt" TIMESTAMPTZ(3),

    CONSTRAINT "export_copy_pkey" PRIMARY KEY ("copyId")
);

-- CreateIndex
CREATE INDEX "export_copy_renditionId_requestedAt_idx" ON "export_copy"("renditionId", "requestedAt" DESC);

-- AddForeignKey
ALTER TABLE "export_copy" ADD CONSTRAINT "export_copy_renditionId_fkey" FOREIGN KEY ("renditionId") REFERENCES "film_request"("renditionId") ON DELETE CASCADE ON UPDATE CASCADE;
