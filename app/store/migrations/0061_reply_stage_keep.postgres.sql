-- +goose Up
-- The trigger refuses every change but of the body already.
SELECT 1;
