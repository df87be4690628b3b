-- +goose Up
DROP TRIGGER replies_fixed;
-- +goose StatementBegin
CREATE TRIGGER replies_fixed BEFORE UPDATE OF id, case_id, sent_at, digest, unit, drafted_by, approved_by, department_id, stage ON replies BEGIN SELECT RAISE(ABORT, 'replies is append-only'); END;
-- +goose StatementEnd
