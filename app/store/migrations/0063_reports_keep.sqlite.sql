-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER key_rosters_keep BEFORE UPDATE ON key_rosters BEGIN SELECT RAISE(ABORT, 'key_rosters is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER key_rosters_stay BEFORE DELETE ON key_rosters BEGIN SELECT RAISE(ABORT, 'key_rosters is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER key_recoveries_keep BEFORE UPDATE ON key_recoveries BEGIN SELECT RAISE(ABORT, 'key_recoveries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER key_recoveries_stay BEFORE DELETE ON key_recoveries BEGIN SELECT RAISE(ABORT, 'key_recoveries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_events_keep BEFORE UPDATE ON report_events BEGIN SELECT RAISE(ABORT, 'report_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_events_stay BEFORE DELETE ON report_events BEGIN SELECT RAISE(ABORT, 'report_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_recusals_keep BEFORE UPDATE ON report_recusals BEGIN SELECT RAISE(ABORT, 'report_recusals is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_recusals_stay BEFORE DELETE ON report_recusals BEGIN SELECT RAISE(ABORT, 'report_recusals is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_erasures_keep BEFORE UPDATE ON report_erasures BEGIN SELECT RAISE(ABORT, 'report_erasures is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_erasures_stay BEFORE DELETE ON report_erasures BEGIN SELECT RAISE(ABORT, 'report_erasures is append-only'); END;
-- +goose StatementEnd
-- Texts stay as they were written until their report is erased.
-- +goose StatementBegin
CREATE TRIGGER report_texts_keep BEFORE UPDATE ON report_texts BEGIN SELECT RAISE(ABORT, 'report_texts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER report_texts_stay BEFORE DELETE ON report_texts WHEN NOT EXISTS (SELECT 1 FROM report_erasures WHERE report_id = OLD.report_id) BEGIN SELECT RAISE(ABORT, 'report_texts is append-only'); END;
-- +goose StatementEnd
