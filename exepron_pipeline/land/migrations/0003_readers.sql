-- Who compared each entity set last: another user may see less.
CREATE TABLE IF NOT EXISTS ops.readers (
  entity_set VARCHAR,
  account_id VARCHAR,
  user_id VARCHAR,
  role_id VARCHAR,
  subject VARCHAR,
  scope VARCHAR,
  load_id VARCHAR
);
