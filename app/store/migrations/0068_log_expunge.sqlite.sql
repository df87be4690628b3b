-- +goose Up
-- A text of the log goes only when the log already tells so: by an entry of kind
-- expunged that names its place. What the public reads now and the notices stay.
DROP TRIGGER log_texts_stay;
-- +goose StatementBegin
CREATE TRIGGER log_texts_stay BEFORE DELETE ON log_texts WHEN OLD.kind = 'expunged'
  OR NOT EXISTS (SELECT 1 FROM log_entries e JOIN log_entries n ON n.kind = 'expunged' AND n.ref = CAST(e.idx AS TEXT) WHERE e.kind = OLD.kind AND e.ref = OLD.ref AND e.version = OLD.version)
  OR NOT EXISTS (SELECT 1 FROM log_entries e WHERE e.kind = OLD.kind AND e.ref = OLD.ref AND (e.version > OLD.version OR e.version = OLD.version AND e.event = 3))
BEGIN SELECT RAISE(ABORT, 'log_texts is append-only'); END;
-- +goose StatementEnd
