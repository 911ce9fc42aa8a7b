-- AlterTable
ALTER TABLE "webhook_delivery" ADD COLUMN     "body" TEXT;
