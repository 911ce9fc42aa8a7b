-- CreateTable
CREATE TABLE "webhook_delivery" (
    "messageId" TEXT NOT NULL,
    "webhook" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "status" INTEGER,
    "reason" TEXT,
    "firstAt" TIMESTAMPTZ(3) NOT NULL,
    "lastAt" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("messageId")
);

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_lastAt_idx" ON "webhook_delivery"("webhook", "lastAt" DESC);

-- CreateIndex
CREATE INDEX "webhook_delivery_lastAt_idx" ON "webhook_delivery"("lastAt");

