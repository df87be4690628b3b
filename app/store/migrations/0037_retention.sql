-- +goose Up
-- What of a case has been erased, contact first, then content; statistics and the timeline stay.
ALTER TABLE cases ADD COLUMN kept TEXT NOT NULL DEFAULT 'all' CHECK (kept IN ('all', 'content', 'none'));
CREATE INDEX cases_kept_all ON cases (kind, ended_on, id) WHERE ended_on IS NOT NULL AND kept = 'all';
CREATE INDEX cases_kept_content ON cases (kind, ended_on, id) WHERE ended_on IS NOT NULL AND kept = 'content';
CREATE TABLE case_erasures (
  case_id BIGINT NOT NULL REFERENCES cases (id),
  what TEXT NOT NULL CHECK (what IN ('contact', 'content')),
  why TEXT NOT NULL CHECK (why IN ('period', 'request')),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  PRIMARY KEY (case_id, what)
);

-- What a legal hold keeps from erasure.
CREATE TABLE case_holds (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  reason TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  lifted_at {{TIME}},
  lifted_by BIGINT NOT NULL DEFAULT 0,
  lifted_name TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX case_holds_one ON case_holds (case_id) WHERE lifted_at IS NULL;

-- A sender who wants everything erased before its time, and the answer.
CREATE TABLE erasure_requests (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'granted', 'refused')),
  at {{TIME}} NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  decided_at {{TIME}},
  decided_by BIGINT NOT NULL DEFAULT 0,
  decided_name TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'open') = (decided_at IS NULL)),
  CHECK (state <> 'refused' OR answer <> '')
);
CREATE UNIQUE INDEX erasure_requests_one ON erasure_requests (case_id) WHERE state = 'open';
CREATE INDEX erasure_requests_case ON erasure_requests (case_id, id);
CREATE INDEX erasure_requests_open ON erasure_requests (id) WHERE state = 'open';
