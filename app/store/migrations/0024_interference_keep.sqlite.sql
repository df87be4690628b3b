-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER case_interferences_keep BEFORE UPDATE ON case_interferences BEGIN SELECT RAISE(ABORT, 'case_interferences is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_interferences_stay BEFORE DELETE ON case_interferences BEGIN SELECT RAISE(ABORT, 'case_interferences is append-only'); END;
-- +goose StatementEnd
