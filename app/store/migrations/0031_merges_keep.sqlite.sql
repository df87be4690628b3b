-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER case_merges_keep BEFORE UPDATE ON case_merges WHEN OLD.undone_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'an undone merge is kept'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_merges_stay BEFORE DELETE ON case_merges BEGIN SELECT RAISE(ABORT, 'case_merges is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_links_stay BEFORE DELETE ON case_links BEGIN SELECT RAISE(ABORT, 'case_links is append-only'); END;
-- +goose StatementEnd
