-- +goose Up
-- The public log (app/logbook, docs/log.md): what was published and received, in an
-- order that nobody can change without being found out.

-- What goes into the log, written in the transaction of the change that it tells of.
CREATE TABLE log_entries (
  id {{ID}},
  idx BIGINT UNIQUE, -- its place in the log, from 0; none until a checkpoint covers it
  kind TEXT NOT NULL, -- problem, reply, …; case and report for what was received
  ref TEXT NOT NULL,
  version INTEGER NOT NULL,
  event INTEGER NOT NULL DEFAULT 0, -- 1 publish, 2 change, 3 withdraw; 0 for what was received
  at {{TIME}} NOT NULL,
  backfilled BOOLEAN NOT NULL DEFAULT FALSE,
  leaf {{BYTES}} NOT NULL,
  digest {{BYTES}}, -- of the text as it is served, or of what was received
  salt {{BYTES}}, -- of what was received: opens the leaf's commitment
  case_no TEXT NOT NULL DEFAULT '',
  UNIQUE (kind, ref, version)
);
CREATE INDEX log_entries_waiting ON log_entries (id) WHERE idx IS NULL;

-- The texts whose digests are in the log, exactly as they are served.
CREATE TABLE log_texts (
  kind TEXT NOT NULL,
  ref TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, ref, version)
);

-- The tree, in the tiles of C2SP: up to 256 hashes of 32 bytes each.
CREATE TABLE log_tiles (
  level INTEGER NOT NULL,
  n BIGINT NOT NULL,
  data {{BYTES}} NOT NULL,
  PRIMARY KEY (level, n)
);

-- Every head that was signed. Each has one before it, and each is before one at most.
CREATE TABLE log_heads (
  size BIGINT NOT NULL PRIMARY KEY,
  prev BIGINT NOT NULL UNIQUE, -- size of the one before; -1 for the first
  root {{BYTES}} NOT NULL,
  at {{TIME}} NOT NULL,
  note TEXT NOT NULL, -- the checkpoint as signed
  CHECK (prev < size)
);

-- Kinds whose rows from before there was a log are all in it.
CREATE TABLE log_backfills (
  kind TEXT NOT NULL PRIMARY KEY,
  at {{TIME}} NOT NULL
);

-- The public keys that signed it, the newest last.
CREATE TABLE log_keys (
  no INTEGER NOT NULL PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  at {{TIME}} NOT NULL
);
