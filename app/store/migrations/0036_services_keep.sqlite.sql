-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER case_services_keep BEFORE UPDATE ON case_services BEGIN SELECT RAISE(ABORT, 'case_services is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_services_stay BEFORE DELETE ON case_services BEGIN SELECT RAISE(ABORT, 'case_services is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_service_ends_keep BEFORE UPDATE ON case_service_ends BEGIN SELECT RAISE(ABORT, 'case_service_ends is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_service_ends_stay BEFORE DELETE ON case_service_ends BEGIN SELECT RAISE(ABORT, 'case_service_ends is append-only'); END;
-- +goose StatementEnd
