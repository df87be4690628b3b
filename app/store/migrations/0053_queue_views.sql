-- +goose Up
-- Filters of the queue that somebody keeps under a name.
CREATE TABLE queue_views (
  id {{ID}},
  owner_id BIGINT NOT NULL REFERENCES staff (id),
  name TEXT NOT NULL,
  filter TEXT NOT NULL,
  shared BOOLEAN NOT NULL DEFAULT FALSE,
  place INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX queue_views_owner ON queue_views (owner_id, place, id);
CREATE INDEX queue_views_shared ON queue_views (place, id) WHERE shared;
