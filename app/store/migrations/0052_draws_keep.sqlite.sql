-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER case_draws_keep BEFORE UPDATE ON case_draws BEGIN SELECT RAISE(ABORT, 'case_draws is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_draws_stay BEFORE DELETE ON case_draws BEGIN SELECT RAISE(ABORT, 'case_draws is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assign_rules_keep BEFORE UPDATE ON assign_rules BEGIN SELECT RAISE(ABORT, 'assign_rules is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assign_rules_stay BEFORE DELETE ON assign_rules BEGIN SELECT RAISE(ABORT, 'assign_rules is append-only'); END;
-- +goose StatementEnd
