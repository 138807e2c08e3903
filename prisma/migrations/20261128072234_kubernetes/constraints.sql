-- Invariants that Prisma's schema language has no word for. The migration writer appends changes of this file
-- to the migration that it writes; the drift test compares the catalogs of both.

ALTER TABLE "installation" ADD CONSTRAINT "installation_singleton_check" CHECK ("singleton");

ALTER TABLE "tenants" ADD CONSTRAINT "tenants_name_check" CHECK ("name" ~ '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$');
ALTER TABLE "hosts" ADD CONSTRAINT "hosts_name_check" CHECK ("name" ~ '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$');
ALTER TABLE "hosts" ADD CONSTRAINT "hosts_status_check" CHECK ("status" IN ('ready', 'suspect', 'unreachable', 'unknown'));
ALTER TABLE "apps" ADD CONSTRAINT "apps_name_check" CHECK ("name" ~ '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$');

ALTER TABLE "tokens" ADD CONSTRAINT "tokens_role_check"
  CHECK (CASE WHEN "tenant_id" IS NULL THEN "role" = 'admin' ELSE "role" IN ('owner', 'developer', 'viewer') END);
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$');

ALTER TABLE "apps" ADD CONSTRAINT "apps_wanted_release_fkey" FOREIGN KEY ("id", "wanted_release") REFERENCES "releases" ("app_id", "number") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE "operations" ADD CONSTRAINT "operations_status_check"
  CHECK ("status" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'rolled_back'));
ALTER TABLE "operations" ADD CONSTRAINT "operations_finished_check"
  CHECK (("finished_at" IS NOT NULL) = ("status" IN ('succeeded', 'failed', 'cancelled', 'rolled_back')));
ALTER TABLE "operations" ADD CONSTRAINT "operations_lease_check"
  CHECK (("lease_owner" IS NULL) = ("lease_until" IS NULL) AND ("lease_owner" IS NULL OR "status" = 'running'));

-- One running operation a lane.
CREATE UNIQUE INDEX "operations_lane_running_key" ON "operations" ("lane_id") WHERE "status" = 'running';
-- What a claim looks through.
CREATE INDEX "operations_queued_idx" ON "operations" ("lane_id", "id") WHERE "status" = 'queued';
CREATE INDEX "operations_running_idx" ON "operations" ("lease_until", "next_attempt_at") WHERE "status" = 'running';

ALTER TABLE "steps" ADD CONSTRAINT "steps_status_check" CHECK ("status" IN ('running', 'succeeded', 'failed', 'cancelled'));

-- Statuses only move forward: an ended operation never changes its status again.
CREATE FUNCTION "operations_forward_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."status" <> NEW."status" AND (OLD."finished_at" IS NOT NULL OR NEW."status" = 'queued') THEN
    RAISE EXCEPTION 'operation % may not go from % to %', OLD."id", OLD."status", NEW."status" USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "operations_forward_only" BEFORE UPDATE OF "status" ON "operations"
  FOR EACH ROW EXECUTE FUNCTION "operations_forward_only"();

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
