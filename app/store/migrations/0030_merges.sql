-- +goose Up
-- That one case was merged into another, what it was before, and what the merge changed in the survivor.
CREATE TABLE case_merges (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  into_id BIGINT NOT NULL REFERENCES cases (id),
  before TEXT NOT NULL,
  due_was TEXT,
  due_set TEXT,
  shut TEXT NOT NULL,
  reason TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  undone_at {{TIME}},
  undone_by BIGINT NOT NULL DEFAULT 0,
  undone_name TEXT NOT NULL DEFAULT '',
  undone_reason TEXT NOT NULL DEFAULT '',
  CHECK (case_id <> into_id)
);
CREATE UNIQUE INDEX case_merges_one ON case_merges (case_id) WHERE undone_at IS NULL;
CREATE INDEX case_merges_into ON case_merges (into_id, case_id) WHERE undone_at IS NULL;

-- Cases that belong together and are handled apart; a case that was split off stands beside what it came from.
CREATE TABLE case_links (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  other_id BIGINT NOT NULL REFERENCES cases (id),
  split BOOLEAN NOT NULL DEFAULT FALSE,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  ended_at {{TIME}},
  ended_by BIGINT NOT NULL DEFAULT 0,
  ended_name TEXT NOT NULL DEFAULT '',
  CHECK (case_id <> other_id)
);
CREATE UNIQUE INDEX case_links_one ON case_links (case_id, other_id) WHERE ended_at IS NULL;
CREATE INDEX case_links_other ON case_links (other_id, case_id) WHERE ended_at IS NULL;
