-- +goose Up
-- The keys of staff: the public half, and the private half as its owner's password opens it.
CREATE TABLE staff_keys (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  no INTEGER NOT NULL,
  public {{BYTES}} NOT NULL,
  wrapped {{BYTES}} NOT NULL,
  made_at {{TIME}} NOT NULL,
  ended_at {{TIME}},
  why TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (staff_id, no),
  CHECK ((ended_at IS NULL) = (why = ''))
);
CREATE UNIQUE INDEX staff_keys_current ON staff_keys (staff_id) WHERE ended_at IS NULL;

-- The private half again, as the cookie of one session opens it.
ALTER TABLE sessions ADD COLUMN sealed_key {{BYTES}};
