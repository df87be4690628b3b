-- +goose Up
-- A petition's later stages (复查、复核), an objection that waits for a decision, a supervisor's eye on a case.
ALTER TABLE cases ADD COLUMN stage TEXT NOT NULL DEFAULT '' CHECK (stage IN ('', 'reconsider', 're_review'));
ALTER TABLE cases ADD COLUMN objected_at {{TIME}};
ALTER TABLE cases ADD COLUMN supervised BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX cases_objected ON cases (due_on, id) WHERE objected_at IS NOT NULL;

-- The department that answered: another one reconsiders.
ALTER TABLE replies ADD COLUMN department_id BIGINT REFERENCES departments (id);

-- What a co-operating department is asked for, by when, and what it said.
CREATE TABLE case_tasks (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  department_id BIGINT NOT NULL REFERENCES departments (id),
  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'released')),
  ask TEXT NOT NULL,
  due_on TEXT NOT NULL,
  asked_at {{TIME}} NOT NULL,
  asked_by BIGINT NOT NULL,
  asked_name TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  ended_at {{TIME}},
  ended_by BIGINT NOT NULL DEFAULT 0,
  ended_name TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'open') = (ended_at IS NULL)),
  CHECK ((state = 'answered') = (answer <> ''))
);
CREATE UNIQUE INDEX case_tasks_one ON case_tasks (case_id, department_id) WHERE state = 'open';
CREATE INDEX case_tasks_case ON case_tasks (case_id, id);
CREATE INDEX case_tasks_open ON case_tasks (department_id, due_on, id) WHERE state = 'open';

-- Follow-up calls (回访).
CREATE TABLE case_calls (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  reply_id BIGINT NOT NULL REFERENCES replies (id),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  reached BOOLEAN NOT NULL,
  resolved TEXT NOT NULL CHECK (resolved IN ('', 'yes', 'partly', 'no')),
  satisfaction TEXT NOT NULL CHECK (satisfaction IN ('', 'satisfied', 'basically', 'dissatisfied')),
  note TEXT NOT NULL DEFAULT '',
  CHECK (reached = (resolved <> '' AND satisfaction <> ''))
);
CREATE INDEX case_calls_case ON case_calls (case_id, id);

-- SQLite cannot change a CHECK: the table of limits is made anew, with more steps.
CREATE TABLE time_limits_new (
  kind TEXT NOT NULL,
  step TEXT NOT NULL CHECK (step IN ('register', 'notice', 'handle', 'extend', 'return', 'reconsider', 're_review', 'object', 'decide')),
  version INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  unit TEXT NOT NULL CHECK (unit IN ('workdays', 'days', 'months')),
  starts TEXT NOT NULL CHECK (starts IN ('received', 'accepted', 'assigned', 'due', 'replied', 'objected')),
  binding BOOLEAN NOT NULL,
  source TEXT NOT NULL,
  at {{TIME}},
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, step, version)
);
INSERT INTO time_limits_new (kind, step, version, amount, unit, starts, binding, source, at, actor_id, actor_name)
  SELECT kind, step, version, amount, unit, starts, binding, source, at, actor_id, actor_name FROM time_limits ORDER BY kind, step, version;
DROP TABLE time_limits;
ALTER TABLE time_limits_new RENAME TO time_limits;
INSERT INTO time_limits (kind, step, version, amount, unit, starts, binding, source) VALUES
  ('petition', 'reconsider', 1, 30, 'days',     'objected', TRUE,  '《信访工作条例》第三十五条'),
  ('petition', 're_review',  1, 30, 'days',     'objected', TRUE,  '《信访工作条例》第三十六条'),
  ('petition', 'object',     1, 30, 'days',     'replied',  TRUE,  '《信访工作条例》第三十五条、第三十六条'),
  ('*',        'object',     1, 30, 'days',     'replied',  FALSE, '本院默认'),
  ('*',        'decide',     1,  5, 'workdays', 'objected', FALSE, '本院默认');
