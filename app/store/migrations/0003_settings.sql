-- +goose Up
-- A setting's value is its newest version; older versions are its history.
CREATE TABLE settings (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  value TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  PRIMARY KEY (name, version)
);

-- Time limits. starts: the day that is day 0. binding: a published norm, which
-- waiting for the citizen does not stop.
CREATE TABLE time_limits (
  kind TEXT NOT NULL,
  step TEXT NOT NULL CHECK (step IN ('register', 'notice', 'handle', 'extend', 'return')),
  version INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  unit TEXT NOT NULL CHECK (unit IN ('workdays', 'days', 'months')),
  starts TEXT NOT NULL CHECK (starts IN ('received', 'accepted', 'assigned', 'due')),
  binding BOOLEAN NOT NULL,
  source TEXT NOT NULL,
  at {{TIME}},
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, step, version)
);
INSERT INTO time_limits (kind, step, version, amount, unit, starts, binding, source) VALUES
  ('enquiry',    'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('suggestion', 'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('comment',    'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('complaint',  'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('petition',   'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('correction', 'register', 1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('enquiry',    'notice',   1,  1, 'workdays', 'received', FALSE, '本院默认'),
  ('suggestion', 'notice',   1, 15, 'days',     'received', TRUE,  '《信访工作条例》第二十三条'),
  ('comment',    'notice',   1, 15, 'days',     'received', TRUE,  '《信访工作条例》第二十三条'),
  ('complaint',  'notice',   1, 15, 'days',     'received', TRUE,  '《信访工作条例》第二十三条'),
  ('petition',   'notice',   1, 15, 'days',     'received', TRUE,  '《信访工作条例》第二十三条'),
  ('enquiry',    'handle',   1,  5, 'workdays', 'accepted', FALSE, '本院默认'),
  ('suggestion', 'handle',   1,  7, 'workdays', 'accepted', FALSE, '本院默认'),
  ('comment',    'handle',   1,  7, 'workdays', 'accepted', FALSE, '本院默认'),
  ('complaint',  'handle',   1, 15, 'workdays', 'accepted', FALSE, '本院默认'),
  ('petition',   'handle',   1, 60, 'days',     'accepted', TRUE,  '《信访工作条例》第三十四条'),
  ('correction', 'handle',   1,  3, 'workdays', 'received', FALSE, '本院默认'),
  ('enquiry',    'extend',   1, 10, 'workdays', 'due',      FALSE, '本院默认：总计不超过15个工作日'),
  ('suggestion', 'extend',   1,  8, 'workdays', 'due',      FALSE, '本院默认：总计不超过15个工作日'),
  ('comment',    'extend',   1,  8, 'workdays', 'due',      FALSE, '本院默认：总计不超过15个工作日'),
  ('complaint',  'extend',   1, 15, 'workdays', 'due',      FALSE, '本院默认：可延长一次'),
  ('petition',   'extend',   1, 30, 'days',     'due',      TRUE,  '《信访工作条例》第三十四条'),
  ('*',          'return',   1,  5, 'workdays', 'assigned', TRUE,  '《信访工作条例》第二十二条');

CREATE TABLE calendar_years (
  year INTEGER PRIMARY KEY,
  source TEXT NOT NULL
);
CREATE TABLE calendar_days (
  day TEXT PRIMARY KEY,
  work BOOLEAN NOT NULL,
  name TEXT NOT NULL
);
