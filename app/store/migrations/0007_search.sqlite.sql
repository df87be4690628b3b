-- +goose Up
CREATE TABLE search_docs (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  ref BIGINT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (kind, ref)
);
CREATE VIRTUAL TABLE search_fts USING fts5 (grams, content='', contentless_delete=1, tokenize='unicode61');
-- +goose StatementBegin
CREATE TRIGGER case_events_keep BEFORE UPDATE ON case_events BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_events_stay BEFORE DELETE ON case_events BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_events_keep BEFORE UPDATE ON ledger_events BEGIN SELECT RAISE(ABORT, 'ledger_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_events_stay BEFORE DELETE ON ledger_events BEGIN SELECT RAISE(ABORT, 'ledger_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_messages_keep BEFORE UPDATE ON case_messages BEGIN SELECT RAISE(ABORT, 'case_messages is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_messages_stay BEFORE DELETE ON case_messages BEGIN SELECT RAISE(ABORT, 'case_messages is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER draft_versions_keep BEFORE UPDATE ON draft_versions BEGIN SELECT RAISE(ABORT, 'draft_versions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER draft_versions_stay BEFORE DELETE ON draft_versions BEGIN SELECT RAISE(ABORT, 'draft_versions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER replies_keep BEFORE UPDATE ON replies BEGIN SELECT RAISE(ABORT, 'replies is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER replies_stay BEFORE DELETE ON replies BEGIN SELECT RAISE(ABORT, 'replies is append-only'); END;
-- +goose StatementEnd
