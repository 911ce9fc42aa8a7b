-- AlterTable
ALTER TABLE "clip" ADD COLUMN     "pieces" TEXT[];

-- What is there is cut as the catalog cuts what comes: src/domain/search-text.ts
UPDATE "clip" SET "pieces" = ARRAY(
  SELECT DISTINCT substr(word, at, 6)
  FROM unnest(string_to_array("search", ' ')) AS word, generate_series(1, char_length(word) - 5) AS at
);

-- CreateIndex
CREATE INDEX "clip_pieces_idx" ON "clip" USING GIN ("pieces");

-- CreateIndex
CREATE INDEX "clip_stationId_state_requestedAt_idx" ON "clip"("stationId", "state", "requestedAt");
