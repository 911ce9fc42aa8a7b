-- AlterTable
ALTER TABLE "clip" ADD COLUMN     "assignment" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "clip_note" ADD COLUMN     "assignment" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "instance" ADD COLUMN     "assignment" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "marker_stationId_at_idx" ON "marker"("stationId", "at");
