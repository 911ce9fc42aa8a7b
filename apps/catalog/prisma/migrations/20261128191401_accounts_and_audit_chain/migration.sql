-- AlterTable
ALTER TABLE "audit_entry" ADD COLUMN     "address" TEXT,
ADD COLUMN     "hash" TEXT,
ADD COLUMN     "outcome" TEXT NOT NULL DEFAULT 'success',
ADD COLUMN     "patientId" TEXT,
ADD COLUMN     "previousHash" TEXT,
ADD COLUMN     "sequence" BIGINT,
ADD COLUMN     "stationId" TEXT,
ADD COLUMN     "studyUid" TEXT;

-- CreateTable
CREATE TABLE "audit_head" (
    "id" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "baseSequence" BIGINT NOT NULL,
    "baseHash" TEXT NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_head_only_one" CHECK ("id" = 1)
);

-- The rows that are there become the beginning of the chain, hashed as domain/audit/chain.ts does.
DO $$
DECLARE
  entry RECORD;
  content TEXT;
  part TEXT;
  place BIGINT := 0;
  link TEXT := repeat('0', 64);
BEGIN
  FOR entry IN SELECT * FROM "audit_entry" ORDER BY "at", "id" LOOP
    place := place + 1;
    content := '';
    FOREACH part IN ARRAY ARRAY[
      'smartbox-audit-1', place::text, entry."id",
      to_char(entry."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      entry."actor", entry."action", entry."subject", entry."outcome",
      entry."stationId", entry."patientId", entry."studyUid", entry."address", entry."traceId",
      entry."detail"::text, link
    ] LOOP
      content := content || CASE WHEN part IS NULL THEN '-,' ELSE octet_length(convert_to(part, 'UTF8')) || ':' || part || ',' END;
    END LOOP;
    UPDATE "audit_entry"
      SET "sequence" = place, "previousHash" = link, "hash" = encode(sha256(convert_to(content, 'UTF8')), 'hex')
      WHERE "id" = entry."id"
      RETURNING "hash" INTO link;
  END LOOP;
  INSERT INTO "audit_head" VALUES (1, place, link, 0, repeat('0', 64));
END $$;

ALTER TABLE "audit_entry" ALTER COLUMN "sequence" SET NOT NULL,
ALTER COLUMN "previousHash" SET NOT NULL,
ALTER COLUMN "hash" SET NOT NULL;

-- Entries are written once. Only what is older than the retention may go, and never before a year has passed: the
-- service says so for its one transaction (SET LOCAL smartbox.audit_prune = 'on').
CREATE FUNCTION "audit_entry_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('smartbox.audit_prune', true) = 'on' AND OLD."at" < now() - INTERVAL '1 year' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "audit_entry_no_change" BEFORE UPDATE OR DELETE ON "audit_entry"
  FOR EACH ROW EXECUTE FUNCTION "audit_entry_is_append_only"();
CREATE TRIGGER "audit_entry_no_truncate" BEFORE TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_entry_is_append_only"();

-- The head moves forward by one entry, the base forward only.
CREATE FUNCTION "audit_head_moves_forward"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW."sequence" - OLD."sequence" IN (0, 1) AND NEW."baseSequence" >= OLD."baseSequence" THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the head of the audit only moves forward: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "audit_head_forward_only" BEFORE UPDATE OR DELETE ON "audit_head"
  FOR EACH ROW EXECUTE FUNCTION "audit_head_moves_forward"();
CREATE TRIGGER "audit_head_no_truncate" BEFORE TRUNCATE ON "audit_head"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_head_moves_forward"();

-- CreateTable
CREATE TABLE "account" (
    "accountId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "roles" TEXT[],
    "limited" BOOLEAN NOT NULL DEFAULT false,
    "stations" TEXT[],
    "passwordHash" TEXT,
    "oneTimeUntil" TIMESTAMPTZ(3),
    "issuer" TEXT,
    "providerSubject" TEXT,
    "disabledAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSignInAt" TIMESTAMPTZ(3),

    CONSTRAINT "account_pkey" PRIMARY KEY ("accountId")
);

-- CreateTable
CREATE TABLE "session" (
    "sessionId" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "providerSid" TEXT,
    "idToken" TEXT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("sessionId")
);

-- CreateTable
CREATE TABLE "api_token" (
    "tokenId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "roles" TEXT[],
    "limited" BOOLEAN NOT NULL DEFAULT false,
    "stations" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "createdBy" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("tokenId")
);

-- CreateTable
CREATE TABLE "panel" (
    "panelId" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "pairedAt" TIMESTAMPTZ(3) NOT NULL,
    "pairedBy" TEXT NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "panel_pkey" PRIMARY KEY ("panelId")
);

-- CreateTable
CREATE TABLE "panel_request" (
    "codeHash" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "stationId" TEXT,
    "address" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "askedAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "panel_request_pkey" PRIMARY KEY ("codeHash")
);

-- CreateTable
CREATE TABLE "sign_in_failure" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "lastAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_failure_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "sign_in_flow" (
    "flowHash" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "verifier" TEXT NOT NULL,
    "returnTo" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_flow_pkey" PRIMARY KEY ("flowHash")
);

-- CreateTable
CREATE TABLE "break_glass" (
    "grantId" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "stationId" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "break_glass_pkey" PRIMARY KEY ("grantId")
);

-- CreateIndex
CREATE UNIQUE INDEX "account_name_key" ON "account"("name");

-- CreateIndex
CREATE UNIQUE INDEX "account_issuer_providerSubject_key" ON "account"("issuer", "providerSubject");

-- CreateIndex
CREATE UNIQUE INDEX "session_tokenHash_key" ON "session"("tokenHash");

-- CreateIndex
CREATE INDEX "session_accountId_idx" ON "session"("accountId");

-- CreateIndex
CREATE INDEX "session_providerSid_idx" ON "session"("providerSid");

-- CreateIndex
CREATE UNIQUE INDEX "api_token_tokenHash_key" ON "api_token"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "panel_tokenHash_key" ON "panel"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "panel_request_tokenHash_key" ON "panel_request"("tokenHash");

-- CreateIndex
CREATE INDEX "sign_in_failure_lastAt_idx" ON "sign_in_failure"("lastAt");

-- CreateIndex
CREATE INDEX "break_glass_accountId_until_idx" ON "break_glass"("accountId", "until");

-- CreateIndex
CREATE UNIQUE INDEX "audit_entry_sequence_key" ON "audit_entry"("sequence");

-- CreateIndex
CREATE INDEX "audit_entry_actor_sequence_idx" ON "audit_entry"("actor", "sequence");

-- CreateIndex
CREATE INDEX "audit_entry_patientId_sequence_idx" ON "audit_entry"("patientId", "sequence");

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "account"("accountId") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "break_glass" ADD CONSTRAINT "break_glass_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "account"("accountId") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "delivery" ADD COLUMN     "stationId" TEXT;
UPDATE "delivery" d SET "stationId" = c."stationId" FROM "clip" c WHERE c."clipId" = d."clipId";

-- CreateIndex
CREATE INDEX "delivery_stationId_updatedAt_deliveryId_idx" ON "delivery"("stationId", "updatedAt" DESC, "deliveryId");
