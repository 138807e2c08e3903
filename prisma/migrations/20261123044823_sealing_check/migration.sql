-- AlterTable
ALTER TABLE "installation" ADD COLUMN     "canary" BYTEA;

-- CreateTable
CREATE TABLE "replicas" (
    "id" UUID NOT NULL,
    "roles" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "keys" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "measures" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "replicas_pkey" PRIMARY KEY ("id")
);
