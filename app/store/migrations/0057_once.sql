-- +goose Up
-- A row is one person's while it is being taken over; one form starts one job; scans known by what they hold.
ALTER TABLE case_import_rows ADD COLUMN claimed_until {{TIME}};
ALTER TABLE case_jobs ADD COLUMN form_key TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX case_jobs_form ON case_jobs (form_key) WHERE form_key <> '';
CREATE INDEX attachments_scan ON attachments (sha256) WHERE import_row_id IS NOT NULL;
