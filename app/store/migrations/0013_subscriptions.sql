-- +goose Up
-- A subscriber hears once a day at most: told_on is the day of the last mail,
-- which told of the events after told_before up to told_event.
ALTER TABLE subscriptions ADD COLUMN told_on TEXT;
ALTER TABLE subscriptions ADD COLUMN told_before BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX subscriptions_once ON subscriptions (email, programme_id, coalesce(problem_id, 0));
DROP INDEX subscriptions_email;
