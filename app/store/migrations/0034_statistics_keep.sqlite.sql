-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER stat_months_keep BEFORE UPDATE ON stat_months BEGIN SELECT RAISE(ABORT, 'stat_months is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_months_stay BEFORE DELETE ON stat_months BEGIN SELECT RAISE(ABORT, 'stat_months is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_cases_keep BEFORE UPDATE ON stat_cases BEGIN SELECT RAISE(ABORT, 'stat_cases is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_cases_stay BEFORE DELETE ON stat_cases BEGIN SELECT RAISE(ABORT, 'stat_cases is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_counts_keep BEFORE UPDATE ON stat_counts BEGIN SELECT RAISE(ABORT, 'stat_counts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_counts_stay BEFORE DELETE ON stat_counts BEGIN SELECT RAISE(ABORT, 'stat_counts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_corrections_keep BEFORE UPDATE ON stat_corrections BEGIN SELECT RAISE(ABORT, 'stat_corrections is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stat_corrections_stay BEFORE DELETE ON stat_corrections BEGIN SELECT RAISE(ABORT, 'stat_corrections is append-only'); END;
-- +goose StatementEnd
