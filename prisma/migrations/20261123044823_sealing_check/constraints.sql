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
