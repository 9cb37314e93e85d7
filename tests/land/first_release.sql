-- A warehouse as the first release made it (tables of version 1): two tasks live, one is gone. Never changed.
CREATE SCHEMA core;
CREATE SCHEMA history;
CREATE SCHEMA marts;
CREATE SCHEMA ops;
CREATE TABLE core.tasks (
  task_id BIGINT,
  task_name VARCHAR,
  cost DECIMAL(18,2),
  share DOUBLE,
  due_on DATE,
  modified_at TIMESTAMP WITH TIME ZONE,
  _account_id VARCHAR,
  _load_id VARCHAR,
  _loaded_at TIMESTAMP WITH TIME ZONE,
  _row_hash VARCHAR,
  _deleted_at TIMESTAMP WITH TIME ZONE,
  _extra JSON
);
INSERT INTO core.tasks VALUES
  ('1', 'a2', '1.50', '0.5', '2026-02-01', '2026-01-05 13:00:00+00', '17', 'load-2', '2026-01-06 12:03:00+00', '5760b50e7b9053c5a25291c09ee767fb', NULL, NULL),
  ('2', 'b', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', '17', 'load-1', '2026-01-06 12:01:00+00', 'dd64e887fe3709e6f979fe528b16342b', NULL, NULL),
  ('3', 'it''s', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', '17', 'load-3', '2026-01-06 12:05:00+00', '210ce9bbf6772a315317b18eb43c02a5', '2026-01-06 12:04:00+00', NULL);
CREATE TABLE core.tasks__codes (
  task_id BIGINT,
  _position BIGINT,
  code VARCHAR,
  _account_id VARCHAR,
  _load_id VARCHAR,
  _loaded_at TIMESTAMP WITH TIME ZONE
);
INSERT INTO core.tasks__codes VALUES
  ('1', '0', 'y', '17', 'load-2', '2026-01-06 12:03:00+00');
CREATE TABLE history.tasks (
  task_id BIGINT,
  task_name VARCHAR,
  cost DECIMAL(18,2),
  share DOUBLE,
  due_on DATE,
  modified_at TIMESTAMP WITH TIME ZONE,
  _extra JSON,
  _account_id VARCHAR,
  _row_hash VARCHAR,
  _load_id VARCHAR,
  _op VARCHAR,
  _valid_from TIMESTAMP WITH TIME ZONE,
  _valid_to TIMESTAMP WITH TIME ZONE,
  _known_from TIMESTAMP WITH TIME ZONE,
  _known_to TIMESTAMP WITH TIME ZONE
);
INSERT INTO history.tasks VALUES
  ('1', 'a', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', 'c1ef8ac515fc347d01d77c20fe843a01', 'load-1', 'insert', '2026-01-05 12:00:00+00', NULL, '2026-01-06 12:01:00+00', '2026-01-06 12:03:00+00'),
  ('1', 'a', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', 'c1ef8ac515fc347d01d77c20fe843a01', 'load-2', 'insert', '2026-01-05 12:00:00+00', '2026-01-05 13:00:00+00', '2026-01-06 12:03:00+00', NULL),
  ('1', 'a2', '1.50', '0.5', '2026-02-01', '2026-01-05 13:00:00+00', NULL, '17', '5760b50e7b9053c5a25291c09ee767fb', 'load-2', 'update', '2026-01-05 13:00:00+00', NULL, '2026-01-06 12:03:00+00', NULL),
  ('2', 'b', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', 'dd64e887fe3709e6f979fe528b16342b', 'load-1', 'insert', '2026-01-05 12:00:00+00', NULL, '2026-01-06 12:01:00+00', NULL),
  ('3', 'it''s', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', '210ce9bbf6772a315317b18eb43c02a5', 'load-1', 'insert', '2026-01-05 12:00:00+00', NULL, '2026-01-06 12:01:00+00', '2026-01-06 12:05:00+00'),
  ('3', 'it''s', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', '210ce9bbf6772a315317b18eb43c02a5', 'load-3', 'delete', '2026-01-06 12:04:00+00', NULL, '2026-01-06 12:05:00+00', NULL),
  ('3', 'it''s', '1.50', '0.5', '2026-02-01', '2026-01-05 12:00:00+00', NULL, '17', '210ce9bbf6772a315317b18eb43c02a5', 'load-3', 'insert', '2026-01-05 12:00:00+00', '2026-01-06 12:04:00+00', '2026-01-06 12:05:00+00', NULL);
CREATE TABLE history.tasks__codes (
  task_id BIGINT,
  _position BIGINT,
  code VARCHAR,
  _account_id VARCHAR,
  _load_id VARCHAR,
  _op VARCHAR,
  _valid_from TIMESTAMP WITH TIME ZONE,
  _valid_to TIMESTAMP WITH TIME ZONE,
  _known_from TIMESTAMP WITH TIME ZONE,
  _known_to TIMESTAMP WITH TIME ZONE
);
INSERT INTO history.tasks__codes VALUES
  ('1', '0', 'x', '17', 'load-1', 'insert', '2026-01-05 12:00:00+00', NULL, '2026-01-06 12:01:00+00', '2026-01-06 12:03:00+00'),
  ('1', '0', 'x', '17', 'load-2', 'insert', '2026-01-05 12:00:00+00', '2026-01-05 13:00:00+00', '2026-01-06 12:03:00+00', NULL),
  ('1', '0', 'y', '17', 'load-2', 'update', '2026-01-05 13:00:00+00', NULL, '2026-01-06 12:03:00+00', NULL),
  ('1', '1', 'y', '17', 'load-1', 'insert', '2026-01-05 12:00:00+00', NULL, '2026-01-06 12:01:00+00', '2026-01-06 12:03:00+00'),
  ('1', '1', 'y', '17', 'load-2', 'insert', '2026-01-05 12:00:00+00', '2026-01-05 13:00:00+00', '2026-01-06 12:03:00+00', NULL);
CREATE TABLE ops.counts (
  load_id VARCHAR,
  entity_set VARCHAR,
  account_id VARCHAR,
  counted_at TIMESTAMP WITH TIME ZONE,
  source_count BIGINT,
  fetched BIGINT,
  distinct_keys BIGINT,
  live_rows BIGINT,
  evidence VARCHAR
);
INSERT INTO ops.counts VALUES
  ('load-1', 'tasks', '17', '2026-01-06 12:01:00+00', '3', '3', '3', '3', 'count'),
  ('load-2', 'tasks', '17', '2026-01-06 12:03:00+00', NULL, '1', '1', '3', 'exhausted'),
  ('load-3', 'tasks', '17', '2026-01-06 12:05:00+00', NULL, '2', '2', '2', 'exhausted');
CREATE TABLE ops.loads (
  load_id VARCHAR,
  entity_set VARCHAR,
  account_id VARCHAR,
  mode VARCHAR,
  status VARCHAR,
  started_at TIMESTAMP WITH TIME ZONE,
  finished_at TIMESTAMP WITH TIME ZONE,
  seconds DOUBLE,
  requests BIGINT,
  pages BIGINT,
  fetched BIGINT,
  inserted BIGINT,
  updated BIGINT,
  unchanged BIGINT,
  deleted BIGINT,
  quarantined BIGINT,
  evidence VARCHAR,
  complete BOOLEAN,
  source_count BIGINT,
  watermark_before TIMESTAMP WITH TIME ZONE,
  watermark_after TIMESTAMP WITH TIME ZONE,
  error VARCHAR
);
INSERT INTO ops.loads VALUES
  ('load-1', 'tasks', '17', 'full', 'ok', '2026-01-06 12:00:00+00', '2026-01-06 12:01:00+00', '0.0', '0', '1', '3', '3', '0', '0', '0', '0', 'count', 'true', '3', NULL, '2026-01-05 12:00:00+00', NULL),
  ('load-2', 'tasks', '17', 'incremental', 'ok', '2026-01-06 12:02:00+00', '2026-01-06 12:03:00+00', '0.0', '0', '1', '1', '0', '1', '0', '0', '0', 'exhausted', 'true', NULL, NULL, '2026-01-05 13:00:00+00', NULL),
  ('load-3', 'tasks', '17', 'reconcile', 'ok', '2026-01-06 12:04:00+00', '2026-01-06 12:05:00+00', '0.0', '0', '1', '2', '0', '0', '2', '1', '0', 'exhausted', 'true', NULL, NULL, '2026-01-05 13:00:00+00', NULL);
CREATE TABLE ops.meta (
  version BIGINT,
  created_at TIMESTAMP WITH TIME ZONE
);
INSERT INTO ops.meta VALUES
  ('1', '2026-01-06 12:00:00+00');
CREATE TABLE ops.quarantine (
  load_id VARCHAR,
  entity_set VARCHAR,
  account_id VARCHAR,
  key VARCHAR,
  reason VARCHAR,
  page VARCHAR,
  quarantined_at TIMESTAMP WITH TIME ZONE
);
CREATE TABLE ops.requests (
  load_id VARCHAR,
  entity_set VARCHAR,
  account_id VARCHAR,
  requests BIGINT,
  pages BIGINT,
  finished_at TIMESTAMP WITH TIME ZONE
);
INSERT INTO ops.requests VALUES
  ('load-1', 'tasks', '17', '0', '1', '2026-01-06 12:01:00+00'),
  ('load-2', 'tasks', '17', '0', '1', '2026-01-06 12:03:00+00'),
  ('load-3', 'tasks', '17', '0', '1', '2026-01-06 12:05:00+00');
CREATE TABLE ops.schema_changes (
  changed_at TIMESTAMP WITH TIME ZONE,
  load_id VARCHAR,
  schema_name VARCHAR,
  table_name VARCHAR,
  column_name VARCHAR,
  change VARCHAR,
  type_before VARCHAR,
  type_after VARCHAR
);
CREATE TABLE ops.snapshot (
  published_at TIMESTAMP WITH TIME ZONE,
  load_id VARCHAR,
  package_version VARCHAR
);
CREATE TABLE ops.source (
  issuer VARCHAR,
  api_url VARCHAR,
  account_id VARCHAR,
  pinned_at TIMESTAMP WITH TIME ZONE
);
INSERT INTO ops.source VALUES
  ('https://identity.example', 'https://api.example/v1', '17', '2026-01-06 12:00:00+00');
CREATE TABLE ops.watermarks (
  entity_set VARCHAR,
  account_id VARCHAR,
  watermark TIMESTAMP WITH TIME ZONE,
  watermark_text VARCHAR,
  load_id VARCHAR,
  moved_at TIMESTAMP WITH TIME ZONE
);
INSERT INTO ops.watermarks VALUES
  ('tasks', '17', '2026-01-05 13:00:00+00', '2026-01-05T13:00:00.000000Z', 'load-3', '2026-01-06 12:05:00+00');
CREATE MACRO history.tasks__codes_as_of(valid_at, known_at) AS TABLE
  SELECT * FROM history.tasks__codes WHERE ((_op != 'delete') AND (_valid_from <= CAST(valid_at AS TIMESTAMPTZ)) AND ((_valid_to IS NULL) OR (CAST(valid_at AS TIMESTAMPTZ) < _valid_to)) AND (_known_from <= CAST(known_at AS TIMESTAMPTZ)) AND ((_known_to IS NULL) OR (CAST(known_at AS TIMESTAMPTZ) < _known_to)));
CREATE MACRO history.tasks_as_of(valid_at, known_at) AS TABLE
  SELECT * FROM history.tasks WHERE ((_op != 'delete') AND (_valid_from <= CAST(valid_at AS TIMESTAMPTZ)) AND ((_valid_to IS NULL) OR (CAST(valid_at AS TIMESTAMPTZ) < _valid_to)) AND (_known_from <= CAST(known_at AS TIMESTAMPTZ)) AND ((_known_to IS NULL) OR (CAST(known_at AS TIMESTAMPTZ) < _known_to)));
