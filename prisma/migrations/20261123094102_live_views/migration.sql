-- CreateTable
CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID,
    "type" TEXT NOT NULL,
    "app" TEXT,
    "host" TEXT,
    "service" TEXT,
    "operation_id" UUID,
    "actor" TEXT,
    "data" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_floors" (
    "tenant_id" UUID NOT NULL,
    "event_id" BIGINT NOT NULL,

    CONSTRAINT "event_floors_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "webhooks" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "types" TEXT[],
    "secret" BYTEA NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "failing_since" TIMESTAMPTZ(6),
    "disabled_reason" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "webhook_id" UUID NOT NULL,
    "event_id" BIGINT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(6) DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(6),
    "response_status" INTEGER,
    "response_ms" INTEGER,
    "error" TEXT,
    "redelivery" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stats_watches" (
    "app_id" UUID NOT NULL,
    "watched_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stats_watches_pkey" PRIMARY KEY ("app_id")
);

-- CreateTable
CREATE TABLE "worker_questions" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "question" JSONB NOT NULL,
    "answer" JSONB,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "worker_questions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "events_tenant_id_id_idx" ON "events"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "events_tenant_id_app_id_idx" ON "events"("tenant_id", "app", "id");

-- CreateIndex
CREATE INDEX "webhooks_tenant_id_id_idx" ON "webhooks"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_webhook_id_created_at_id_idx" ON "webhook_deliveries"("webhook_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_event_id_idx" ON "webhook_deliveries"("event_id");

-- CreateIndex
CREATE INDEX "worker_questions_host_id_idx" ON "worker_questions"("host_id");

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stats_watches" ADD CONSTRAINT "stats_watches_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The events of an operation: a list of them walks no others of its tenant.
CREATE INDEX "events_operation_idx" ON "events" ("operation_id", "id") WHERE "operation_id" IS NOT NULL;

-- What a worker that delivers looks through.
CREATE INDEX "webhook_deliveries_due_idx" ON "webhook_deliveries" ("webhook_id", "next_attempt_at") WHERE "status" = 'pending';

ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_status_check" CHECK ("status" IN ('pending', 'succeeded', 'failed'));

CREATE UNIQUE INDEX "webhook_deliveries_once_key" ON "webhook_deliveries" ("webhook_id", "event_id") WHERE NOT "redelivery";

-- The one writer of events. Ids become visible in commit order within a tenant: its lock is taken before an id is, and is held until
-- the commit, which therefore has to follow at once: call it last in a transaction, and once (the locks of several tenants are taken
-- in order). Items: {tenantId, type, app, host, service, operationId, actor, data}; those of a tenant that is gone are passed over.
CREATE FUNCTION "append_events"("items" jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  "key" integer;
  "queued" integer;
BEGIN
  -- One that is being deleted is waited for: what it gets would otherwise fail the change that it tells of.
  PERFORM FROM "tenants" WHERE "id" IN (SELECT (item ->> 'tenantId')::uuid FROM jsonb_array_elements("items") AS item)
    ORDER BY "id" FOR KEY SHARE;
  -- And so are webhooks: before the lock below, which whoever deletes one takes after its row.
  PERFORM FROM "webhooks" WHERE "tenant_id" IN (SELECT (item ->> 'tenantId')::uuid FROM jsonb_array_elements("items") AS item)
    ORDER BY "id" FOR KEY SHARE;
  FOR "key" IN
    SELECT DISTINCT hashtext(coalesce(item ->> 'tenantId', '')) AS k FROM jsonb_array_elements("items") AS item ORDER BY k
  LOOP
    PERFORM pg_advisory_xact_lock(1297044050, "key");
  END LOOP;
  WITH written AS (
    INSERT INTO "events" ("tenant_id", "type", "app", "host", "service", "operation_id", "actor", "data")
    SELECT (item ->> 'tenantId')::uuid, item ->> 'type', item ->> 'app', item ->> 'host', item ->> 'service',
      (item ->> 'operationId')::uuid, item ->> 'actor', coalesce(item -> 'data', '{}'::jsonb)
    FROM jsonb_array_elements("items") WITH ORDINALITY AS i(item, nth)
    WHERE item ->> 'tenantId' IS NULL OR EXISTS (SELECT FROM "tenants" t WHERE t."id" = (item ->> 'tenantId')::uuid)
    ORDER BY nth
    RETURNING "id", "tenant_id", "type")
  INSERT INTO "webhook_deliveries" ("webhook_id", "event_id")
  SELECT w."id", e."id" FROM written e JOIN "webhooks" w ON w."tenant_id" = e."tenant_id" AND w."enabled"
  WHERE w."types" = '{}' OR e."type" = ANY (w."types")
    OR EXISTS (SELECT FROM unnest(w."types") AS wanted WHERE wanted LIKE '%.*' AND starts_with(e."type", left(wanted, -1)))
  -- Not waited for: what is locked now was made since, and is being deleted by one who waits for the lock above.
  FOR KEY SHARE OF w SKIP LOCKED;
  GET DIAGNOSTICS "queued" = ROW_COUNT;
  PERFORM pg_notify('moorage_event', tenant) FROM (
    SELECT DISTINCT coalesce(item ->> 'tenantId', '') AS tenant FROM jsonb_array_elements("items") AS item) AS tenants;
  IF "queued" > 0 THEN PERFORM pg_notify('moorage_delivery', ''); END IF;
END $$;
