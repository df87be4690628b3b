-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER progress_reports_keep BEFORE UPDATE ON progress_reports BEGIN SELECT RAISE(ABORT, 'progress_reports is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER progress_reports_stay BEFORE DELETE ON progress_reports BEGIN SELECT RAISE(ABORT, 'progress_reports is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER closing_steps_keep BEFORE UPDATE ON closing_steps BEGIN SELECT RAISE(ABORT, 'closing_steps is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER closing_steps_stay BEFORE DELETE ON closing_steps BEGIN SELECT RAISE(ABORT, 'closing_steps is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER measure_checks_keep BEFORE UPDATE ON measure_checks BEGIN SELECT RAISE(ABORT, 'measure_checks is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER measure_checks_stay BEFORE DELETE ON measure_checks BEGIN SELECT RAISE(ABORT, 'measure_checks is append-only'); END;
-- +goose StatementEnd
