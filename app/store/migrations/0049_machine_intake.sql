-- +goose Up
-- Keys with which other systems of the court hand in cases; the key itself is never stored.
CREATE TABLE api_keys (
  id {{ID}},
  name TEXT NOT NULL,
  hash {{BYTES}} NOT NULL UNIQUE,
  created_at {{TIME}} NOT NULL,
  created_by BIGINT NOT NULL,
  created_name TEXT NOT NULL,
  used_at {{TIME}},
  ended_at {{TIME}},
  ended_name TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE ended_at IS NULL;

-- Where a case came from that another system or body handed over, and what it is called there.
CREATE TABLE case_origins (
  case_id BIGINT PRIMARY KEY REFERENCES cases (id),
  api_key_id BIGINT REFERENCES api_keys (id),
  source TEXT NOT NULL,
  external_id TEXT NOT NULL DEFAULT '',
  received_at {{TIME}} NOT NULL
);
CREATE UNIQUE INDEX case_origins_external ON case_origins (source, external_id) WHERE external_id <> '';
