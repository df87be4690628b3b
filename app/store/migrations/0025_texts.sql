-- +goose Up
-- What the court says of a programme, an aspect, a problem and its parts beside their titles: for the public, and for staff only.
ALTER TABLE programmes ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE programmes ADD COLUMN internal TEXT NOT NULL DEFAULT '';
ALTER TABLE programmes ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE aspects ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE aspects ADD COLUMN internal TEXT NOT NULL DEFAULT '';
ALTER TABLE aspects ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE problems ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE sub_problems ADD COLUMN text TEXT NOT NULL DEFAULT '';
