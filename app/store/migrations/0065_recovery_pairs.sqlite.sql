-- +goose Up
-- With three new kits, what two of the old ones opened goes from here. Nothing else of a row may change.
DROP TRIGGER key_recoveries_keep;
-- +goose StatementBegin
CREATE TRIGGER key_recoveries_keep BEFORE UPDATE ON key_recoveries
WHEN NOT (length(NEW.pair_ab) = 0 AND length(NEW.pair_ac) = 0 AND length(NEW.pair_bc) = 0 AND NEW.no = OLD.no AND NEW.public = OLD.public AND NEW.trial = OLD.trial AND NEW.at = OLD.at AND NEW.verifier IS OLD.verifier)
BEGIN SELECT RAISE(ABORT, 'key_recoveries is append-only'); END;
-- +goose StatementEnd
