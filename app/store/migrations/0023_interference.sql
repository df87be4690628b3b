-- +goose Up
-- Who asked staff about a case, outside the procedure (过问登记, the Three Rules).
CREATE TABLE case_interferences (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  person TEXT NOT NULL,
  unit TEXT NOT NULL,
  happened_on TEXT NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('phone', 'face', 'writing', 'message', 'other')),
  content TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX case_interferences_case ON case_interferences (case_id, id);
CREATE INDEX case_interferences_actor ON case_interferences (actor_id, id);
