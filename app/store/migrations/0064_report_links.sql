-- +goose Up
-- Each epoch's keys are vouched for under the pepper, so that nobody who only writes to
-- the database can put keys of their own in an epoch's place.
CREATE TABLE report_links (
  report_id BIGINT NOT NULL REFERENCES reports (id),
  epoch INTEGER NOT NULL,
  sealed {{BYTES}} NOT NULL,
  PRIMARY KEY (report_id, epoch)
);

-- A code that was made anew waits here until it was typed once; the old one opens until then.
ALTER TABLE reports ADD COLUMN next_salt {{BYTES}};
ALTER TABLE reports ADD COLUMN next_check {{BYTES}};
ALTER TABLE reports ADD COLUMN next_ring {{BYTES}};

-- What the recovery key signs with; empty for one from before.
ALTER TABLE key_recoveries ADD COLUMN verifier {{BYTES}};

-- Vouches, under the pepper, for whose session it is. Who writes to the database makes none; sessions from before end.
ALTER TABLE sessions ADD COLUMN mac {{BYTES}};

-- Its holder has typed the code: the form that made it does not tell it again.
ALTER TABLE reports ADD COLUMN code_proven BOOLEAN NOT NULL DEFAULT FALSE;
