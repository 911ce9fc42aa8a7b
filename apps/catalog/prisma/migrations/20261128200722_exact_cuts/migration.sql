-- AlterTable
ALTER TABLE "clip_source" ADD COLUMN     "cut" JSONB,
ADD COLUMN     "inexact" TEXT;
