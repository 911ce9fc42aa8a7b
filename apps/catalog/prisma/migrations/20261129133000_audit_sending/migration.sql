-- CreateTable
CREATE TABLE "audit_sending" (
    "id" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "behindSince" TIMESTAMPTZ(3),

    CONSTRAINT "audit_sending_pkey" PRIMARY KEY ("id")
);

-- The one row.
INSERT INTO "audit_sending" ("id") VALUES (1);
