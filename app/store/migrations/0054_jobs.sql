-- +goose Up
-- One act on many cases, done one by one by the program in the name of who asked for it.
CREATE TABLE case_jobs (
  id {{ID}},
  form_key TEXT NOT NULL UNIQUE,
  verb TEXT NOT NULL,
  params TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'stopped')),
  total INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL REFERENCES staff (id),
  actor_name TEXT NOT NULL,
  lease_until {{TIME}},
  ended_at {{TIME}},
  why TEXT NOT NULL DEFAULT '',
  CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'stopped')))
);
CREATE INDEX case_jobs_actor ON case_jobs (actor_id, id);
CREATE INDEX case_jobs_open ON case_jobs (id) WHERE state IN ('waiting', 'running');

CREATE TABLE case_job_items (
  job_id BIGINT NOT NULL REFERENCES case_jobs (id),
  place INTEGER NOT NULL,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'trying', 'done', 'refused')),
  version INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  at {{TIME}},
  PRIMARY KEY (job_id, place),
  UNIQUE (job_id, case_id)
);
CREATE INDEX case_job_items_state ON case_job_items (job_id, state, place);
