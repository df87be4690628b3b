-- +goose Up
-- A month whose statistics do not change any more.
CREATE TABLE stat_months (
  month TEXT PRIMARY KEY,
  frozen_at {{TIME}} NOT NULL
);
-- The cases that each number of such a month is the count of. No reference to cases: they outlive them.
CREATE TABLE stat_cases (
  month TEXT NOT NULL REFERENCES stat_months (month),
  set_name TEXT NOT NULL,
  case_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  department_id BIGINT NOT NULL,
  PRIMARY KEY (month, set_name, case_id)
);
CREATE TABLE stat_counts (
  month TEXT NOT NULL REFERENCES stat_months (month),
  set_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  department_id BIGINT NOT NULL,
  n INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (month, set_name, kind, channel, department_id)
);
-- What was put right afterwards: a case that a frozen number should count, or should not.
CREATE TABLE stat_corrections (
  id {{ID}},
  month TEXT NOT NULL REFERENCES stat_months (month),
  set_name TEXT NOT NULL,
  case_id BIGINT NOT NULL,
  adds BOOLEAN NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  department_id BIGINT NOT NULL,
  reason TEXT NOT NULL CHECK (reason <> ''),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX stat_corrections_set ON stat_corrections (month, set_name, id);

-- What the counts of an open month are found by. What a citizen sends enters none of these, so that sending costs nothing.
CREATE INDEX case_events_verb ON case_events (verb, at, case_id) WHERE verb <> 'submit';
CREATE INDEX cases_entered ON cases (submitted_at, id) WHERE channel <> 'web';
CREATE INDEX ratings_at ON ratings (at, case_id);
CREATE INDEX case_calls_at ON case_calls (at, case_id) WHERE reached;
