-- +goose Up
-- That somebody was told of a day's deadlines: one message a person and day.
CREATE TABLE deadline_warnings (
  id {{ID}},
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  day TEXT NOT NULL,
  half INTEGER NOT NULL,
  near INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  UNIQUE (staff_id, day)
);

-- The address under which a person's own deadlines are read as a calendar; only the token's digest is kept.
CREATE TABLE calendar_feeds (
  staff_id BIGINT PRIMARY KEY REFERENCES staff (id),
  token_hash {{BYTES}} NOT NULL UNIQUE,
  made_at {{TIME}} NOT NULL
);
