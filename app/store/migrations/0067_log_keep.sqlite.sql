-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER log_texts_keep BEFORE UPDATE ON log_texts BEGIN SELECT RAISE(ABORT, 'log_texts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_texts_stay BEFORE DELETE ON log_texts BEGIN SELECT RAISE(ABORT, 'log_texts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_heads_keep BEFORE UPDATE ON log_heads BEGIN SELECT RAISE(ABORT, 'log_heads is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_heads_stay BEFORE DELETE ON log_heads BEGIN SELECT RAISE(ABORT, 'log_heads is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_keys_keep BEFORE UPDATE ON log_keys BEGIN SELECT RAISE(ABORT, 'log_keys is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_keys_stay BEFORE DELETE ON log_keys BEGIN SELECT RAISE(ABORT, 'log_keys is append-only'); END;
-- +goose StatementEnd
-- An entry gets its place once; a tile only grows.
-- +goose StatementBegin
CREATE TRIGGER log_entries_keep BEFORE UPDATE ON log_entries WHEN OLD.idx IS NOT NULL OR NEW.idx IS NULL OR NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.ref IS NOT OLD.ref OR NEW.version IS NOT OLD.version OR NEW.event IS NOT OLD.event OR NEW.at IS NOT OLD.at OR NEW.backfilled IS NOT OLD.backfilled OR NEW.leaf IS NOT OLD.leaf OR NEW.digest IS NOT OLD.digest OR NEW.salt IS NOT OLD.salt OR NEW.case_no IS NOT OLD.case_no
BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tiles_keep BEFORE UPDATE ON log_tiles WHEN NEW.level <> OLD.level OR NEW.n <> OLD.n OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data
BEGIN SELECT RAISE(ABORT, 'log_tiles is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tiles_stay BEFORE DELETE ON log_tiles BEGIN SELECT RAISE(ABORT, 'log_tiles is append-only'); END;
-- +goose StatementEnd
