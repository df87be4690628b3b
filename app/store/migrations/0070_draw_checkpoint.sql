-- +goose Up
-- Draws whose seed is the root of the first checkpoint of the public log that covers
-- the case's entry: where in the log, and the checkpoint as it was signed. Draws from
-- before have none.
ALTER TABLE case_draws ADD COLUMN log_index BIGINT NOT NULL DEFAULT -1;
ALTER TABLE case_draws ADD COLUMN log_note TEXT NOT NULL DEFAULT '';
