-- +goose Up
-- Texts that answers start from; every change is a new version.
CREATE TABLE canned_replies (
  id BIGINT NOT NULL,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  retired BOOLEAN NOT NULL DEFAULT FALSE,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  PRIMARY KEY (id, version)
);
