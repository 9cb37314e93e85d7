-- The filters that entity sets were read under; the very first files had none.
CREATE TABLE IF NOT EXISTS ops.scopes (
  entity_set VARCHAR,
  account_id VARCHAR,
  filter VARCHAR,
  since TIMESTAMP WITH TIME ZONE,
  load_id VARCHAR
);
