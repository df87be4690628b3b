-- +goose Up
-- What was told to a sender by post, by phone or in person, and the proof that it arrived: limits count from it.
CREATE TABLE case_services (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  about TEXT NOT NULL CHECK (about IN ('notice', 'extension', 'reply', 'other')),
  way TEXT NOT NULL CHECK (way IN ('post', 'phone', 'in_person')),
  sent_on TEXT NOT NULL,
  number TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  CHECK (way <> 'post' OR number <> '')
);
CREATE INDEX case_services_case ON case_services (case_id, id);
CREATE TABLE case_service_ends (
  service_id BIGINT PRIMARY KEY REFERENCES case_services (id),
  outcome TEXT NOT NULL CHECK (outcome IN ('served', 'refused', 'returned')),
  on_day TEXT NOT NULL,
  proof TEXT NOT NULL CHECK (proof <> ''),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
