-- AlterTable
ALTER TABLE "instance" ADD COLUMN     "compression" JSONB,
ADD COLUMN     "rendition" TEXT;
