-- AlterTable
ALTER TABLE "clip" ADD COLUMN     "imported" JSONB;
