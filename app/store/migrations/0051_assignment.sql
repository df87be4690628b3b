-- +goose Up
-- Rules that propose a department for a case, in every version; the newest of each counts.
CREATE TABLE assign_rules (
  id BIGINT NOT NULL,
  version INTEGER NOT NULL,
  place INTEGER NOT NULL,
  kind TEXT NOT NULL,
  words TEXT NOT NULL,
  department_id BIGINT NOT NULL REFERENCES departments (id),
  draw BOOLEAN NOT NULL,
  retired BOOLEAN NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  PRIMARY KEY (id, version)
);

-- Every draw of a handler, with all that is needed to repeat it: append-only.
CREATE TABLE case_draws (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  no INTEGER NOT NULL,
  department_id BIGINT NOT NULL REFERENCES departments (id),
  method TEXT NOT NULL,
  seed TEXT NOT NULL,
  candidates TEXT NOT NULL,
  left_out INTEGER NOT NULL,
  chosen_id BIGINT NOT NULL REFERENCES staff (id),
  reason TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  UNIQUE (case_id, no),
  CHECK ((no > 1) = (reason <> ''))
);

-- Whoever is asked to co-operate is warned like whoever leads.
CREATE INDEX case_tasks_waiting ON case_tasks (id) WHERE state = 'open';
