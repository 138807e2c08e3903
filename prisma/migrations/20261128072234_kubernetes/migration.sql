-- AlterTable
ALTER TABLE "hosts" ADD COLUMN     "facts" JSONB,
ADD COLUMN     "settings" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "engine_objects" ADD COLUMN     "state" JSONB;
