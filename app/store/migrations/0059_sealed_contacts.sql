-- +goose Up
-- Contact details are sealed under a key that lies outside the database. What was
-- there before waits in a table of its own until the program has sealed it.
DROP INDEX case_contacts_caller;
ALTER TABLE case_contacts RENAME TO case_contacts_plain;
CREATE TABLE case_contacts (
  case_id BIGINT NOT NULL PRIMARY KEY REFERENCES cases (id),
  sealed {{BYTES}} NOT NULL,
  mail BOOLEAN NOT NULL,
  mobile BOOLEAN NOT NULL,
  caller_hash {{BYTES}}
);
CREATE INDEX case_contacts_caller ON case_contacts (caller_hash, case_id);
