-- AlterTable
ALTER TABLE "procedure" ADD COLUMN     "conversationAt" TIMESTAMPTZ(3);
