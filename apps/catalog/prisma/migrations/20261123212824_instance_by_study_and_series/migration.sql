-- CreateIndex
CREATE INDEX "instance_studyInstanceUid_idx" ON "instance"("studyInstanceUid");

-- CreateIndex
CREATE INDEX "instance_seriesInstanceUid_idx" ON "instance"("seriesInstanceUid");

