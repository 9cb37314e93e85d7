-- By which function the row hashes were made; those of files without it were texts, and are forgotten.
ALTER TABLE ops.meta ADD COLUMN hashes VARCHAR;
