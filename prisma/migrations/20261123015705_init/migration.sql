-- CreateTable
CREATE TABLE "installation" (
    "id" UUID NOT NULL,
    "singleton" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenants" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "id" UUID NOT NULL,
    "tenant_id" UUID,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hosts" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "endpoint" BYTEA NOT NULL,
    "transport" JSONB NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'unknown',
    "schedulable" BOOLEAN NOT NULL DEFAULT true,
    "engine_version" TEXT,
    "capacity" JSONB,
    "message" TEXT,
    "last_seen_at" TIMESTAMPTZ(6),
    "observer_id" UUID,
    "observer_until" TIMESTAMPTZ(6),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hosts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_tenants" (
    "host_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,

    CONSTRAINT "host_tenants_pkey" PRIMARY KEY ("host_id","tenant_id")
);

-- CreateTable
CREATE TABLE "apps" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "host_id" UUID,
    "last_release" INTEGER NOT NULL DEFAULT 0,
    "wanted_release" INTEGER,
    "wanted_replicas" JSONB NOT NULL DEFAULT '{}',
    "wanted_running" BOOLEAN NOT NULL DEFAULT true,
    "wanted_restart_generation" INTEGER NOT NULL DEFAULT 0,
    "wanted_version" INTEGER NOT NULL DEFAULT 1,
    "good" JSONB,
    "removing" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "apps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "releases" (
    "app_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "notes" JSONB NOT NULL DEFAULT '[]',
    "service_digests" JSONB NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "succeeded_at" TIMESTAMPTZ(6),

    CONSTRAINT "releases_pkey" PRIMARY KEY ("app_id","number")
);

-- CreateTable
CREATE TABLE "lanes" (
    "id" UUID NOT NULL,
    "tenant_id" UUID,
    "app_id" UUID,
    "running_op" UUID,

    CONSTRAINT "lanes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operations" (
    "id" UUID NOT NULL,
    "lane_id" UUID,
    "tenant_id" UUID,
    "app_id" UUID,
    "app_name" TEXT,
    "host_id" UUID,
    "parent_id" UUID,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "reason" TEXT,
    "release" INTEGER,
    "patch" JSONB NOT NULL DEFAULT '{}',
    "params" JSONB NOT NULL DEFAULT '{}',
    "wanted_version" INTEGER,
    "revert_to" TEXT,
    "plan" JSONB,
    "error" JSONB,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),
    "progress_at" TIMESTAMPTZ(6),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(6),
    "lease_owner" UUID,
    "lease_until" TIMESTAMPTZ(6),
    "lost_leases" INTEGER NOT NULL DEFAULT 0,
    "cancel_requested" BOOLEAN NOT NULL DEFAULT false,
    "superseded_by" UUID,

    CONSTRAINT "operations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "steps" (
    "operation_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "service" TEXT,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    "message" TEXT,

    CONSTRAINT "steps_pkey" PRIMARY KEY ("operation_id","seq")
);

-- CreateTable
CREATE TABLE "subnets" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "cidr" TEXT NOT NULL,
    "app_id" UUID,

    CONSTRAINT "subnets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instances" (
    "id" UUID NOT NULL,
    "native_id" TEXT NOT NULL,
    "host_id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "service_digest" TEXT NOT NULL,
    "restart_generation" INTEGER NOT NULL DEFAULT 0,
    "state" TEXT NOT NULL,
    "health" TEXT,
    "serving" BOOLEAN NOT NULL,
    "image" TEXT NOT NULL,
    "image_digest" TEXT,
    "addresses" JSONB NOT NULL DEFAULT '[]',
    "ports" JSONB NOT NULL DEFAULT '[]',
    "restarts" INTEGER NOT NULL DEFAULT 0,
    "exit_code" INTEGER,
    "started_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6),
    "observed_at" TIMESTAMPTZ(6) NOT NULL,
    "reachable" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "instances_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "engine_objects" (
    "host_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "native_id" TEXT NOT NULL,
    "app_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "subnet" TEXT,
    "observed_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "engine_objects_pkey" PRIMARY KEY ("host_id","kind","native_id")
);

-- CreateTable
CREATE TABLE "idempotency_records" (
    "principal" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "headers" JSONB NOT NULL DEFAULT '{}',
    "body" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("principal","method","path","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "installation_singleton_key" ON "installation"("singleton");

-- CreateIndex
CREATE UNIQUE INDEX "tenants_name_key" ON "tenants"("name");

-- CreateIndex
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens"("hash");

-- CreateIndex
CREATE INDEX "tokens_tenant_id_id_idx" ON "tokens"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "hosts_name_key" ON "hosts"("name");

-- CreateIndex
CREATE INDEX "apps_host_id_idx" ON "apps"("host_id");

-- CreateIndex
CREATE UNIQUE INDEX "apps_tenant_id_name_key" ON "apps"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "apps_id_tenant_id_key" ON "apps"("id", "tenant_id");

-- CreateIndex
CREATE UNIQUE INDEX "lanes_app_id_key" ON "lanes"("app_id");

-- CreateIndex
CREATE UNIQUE INDEX "lanes_running_op_key" ON "lanes"("running_op");

-- CreateIndex
CREATE UNIQUE INDEX "lanes_app_id_tenant_id_key" ON "lanes"("app_id", "tenant_id");

-- CreateIndex
CREATE INDEX "operations_tenant_id_id_idx" ON "operations"("tenant_id", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_app_id_id_idx" ON "operations"("app_id", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_finished_at_idx" ON "operations"("finished_at");

-- CreateIndex
CREATE UNIQUE INDEX "subnets_host_id_cidr_key" ON "subnets"("host_id", "cidr");

-- CreateIndex
CREATE UNIQUE INDEX "subnets_host_id_app_id_key" ON "subnets"("host_id", "app_id");

-- CreateIndex
CREATE INDEX "instances_app_id_idx" ON "instances"("app_id");

-- CreateIndex
CREATE UNIQUE INDEX "instances_host_id_native_id_key" ON "instances"("host_id", "native_id");

-- CreateIndex
CREATE INDEX "engine_objects_app_id_idx" ON "engine_objects"("app_id");

-- CreateIndex
CREATE INDEX "idempotency_records_created_at_idx" ON "idempotency_records"("created_at");

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_tenants" ADD CONSTRAINT "host_tenants_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_tenants" ADD CONSTRAINT "host_tenants_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "apps" ADD CONSTRAINT "apps_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "apps" ADD CONSTRAINT "apps_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "releases" ADD CONSTRAINT "releases_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lanes" ADD CONSTRAINT "lanes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lanes" ADD CONSTRAINT "lanes_app_id_tenant_id_fkey" FOREIGN KEY ("app_id", "tenant_id") REFERENCES "apps"("id", "tenant_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operations" ADD CONSTRAINT "operations_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "lanes"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operations" ADD CONSTRAINT "operations_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operations" ADD CONSTRAINT "operations_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "steps" ADD CONSTRAINT "steps_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subnets" ADD CONSTRAINT "subnets_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subnets" ADD CONSTRAINT "subnets_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "engine_objects" ADD CONSTRAINT "engine_objects_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "engine_objects" ADD CONSTRAINT "engine_objects_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

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
