-- Where on its page a rejected record stands, and when it was settled.
ALTER TABLE ops.quarantine ADD COLUMN position BIGINT;
ALTER TABLE ops.quarantine ADD COLUMN closed_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE ops.quarantine ADD COLUMN closed_by VARCHAR;
