-- +goose Up
-- A text of the log goes only when the log already tells so: by an entry of kind
-- expunged that names its place. What the public reads now and the notices stay.
-- +goose StatementBegin
CREATE FUNCTION keep_log_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.kind <> 'expunged'
    AND EXISTS (SELECT 1 FROM log_entries e JOIN log_entries n ON n.kind = 'expunged' AND n.ref = CAST(e.idx AS TEXT) WHERE e.kind = OLD.kind AND e.ref = OLD.ref AND e.version = OLD.version)
    AND EXISTS (SELECT 1 FROM log_entries e WHERE e.kind = OLD.kind AND e.ref = OLD.ref AND (e.version > OLD.version OR e.version = OLD.version AND e.event = 3)) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
DROP TRIGGER log_texts_keep ON log_texts;
CREATE TRIGGER log_texts_keep BEFORE UPDATE OR DELETE ON log_texts FOR EACH ROW EXECUTE FUNCTION keep_log_text();
