-- Every word of the search text has a space before it: short words are looked for at the beginning of words.
UPDATE "clip" SET "search" = ' ' || "search" WHERE "search" NOT LIKE ' %';
