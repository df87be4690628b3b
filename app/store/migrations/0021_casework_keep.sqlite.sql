-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER case_calls_keep BEFORE UPDATE ON case_calls BEGIN SELECT RAISE(ABORT, 'case_calls is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_calls_stay BEFORE DELETE ON case_calls BEGIN SELECT RAISE(ABORT, 'case_calls is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_tasks_keep BEFORE UPDATE ON case_tasks WHEN OLD.state <> 'open' BEGIN SELECT RAISE(ABORT, 'an ended task is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_tasks_stay BEFORE DELETE ON case_tasks BEGIN SELECT RAISE(ABORT, 'case_tasks is append-only'); END;
-- +goose StatementEnd
