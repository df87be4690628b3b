-- +goose Up
-- What somebody was writing and has not saved: one text per writer and case, kept whatever becomes of the case.
CREATE TABLE case_autosaves (
  actor_id BIGINT NOT NULL REFERENCES staff (id),
  case_id BIGINT NOT NULL REFERENCES cases (id),
  body TEXT NOT NULL CHECK (body <> ''),
  saved_at {{TIME}} NOT NULL,
  PRIMARY KEY (actor_id, case_id)
);
