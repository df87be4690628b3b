-- +goose Up
-- Whom a note asks to look at a case.
CREATE TABLE case_mentions (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  seen_at {{TIME}}
);
CREATE INDEX case_mentions_waiting ON case_mentions (staff_id, id) WHERE seen_at IS NULL;
CREATE INDEX case_mentions_case ON case_mentions (case_id, staff_id) WHERE seen_at IS NULL;

-- Who has a case open; forgotten after a day.
CREATE TABLE case_presence (
  case_id BIGINT NOT NULL REFERENCES cases (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  seen_at {{TIME}} NOT NULL,
  PRIMARY KEY (case_id, staff_id)
);
CREATE INDEX case_presence_age ON case_presence (seen_at);
