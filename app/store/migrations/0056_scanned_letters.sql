-- +goose Up
-- A scan waits with its row until somebody has written down the letter.
ALTER TABLE attachments ADD COLUMN import_row_id BIGINT REFERENCES case_import_rows (id);
CREATE INDEX attachments_row ON attachments (import_row_id) WHERE import_row_id IS NOT NULL;
CREATE INDEX attachments_scan ON attachments (sha256) WHERE import_row_id IS NOT NULL;
