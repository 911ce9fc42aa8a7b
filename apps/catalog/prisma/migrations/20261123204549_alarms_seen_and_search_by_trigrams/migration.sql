-- Trusted since PostgreSQL 13: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateTable
CREATE TABLE "alarm_seen" (
    "key" TEXT NOT NULL,
    "upTo" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "alarm_seen_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "clip_search_idx" ON "clip" USING GIN ("search" gin_trgm_ops);
