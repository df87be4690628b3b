-- +goose Up
-- The stage that an answer ended: a petition's sender who was merged takes over the answer and its stage.
ALTER TABLE replies ADD COLUMN stage TEXT NOT NULL DEFAULT '';
