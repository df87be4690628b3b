-- +goose Up
CREATE TRIGGER log_texts_keep BEFORE UPDATE OR DELETE ON log_texts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_texts_stay BEFORE TRUNCATE ON log_texts EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_heads_keep BEFORE UPDATE OR DELETE ON log_heads FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_heads_stay BEFORE TRUNCATE ON log_heads EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_keys_keep BEFORE UPDATE OR DELETE ON log_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_keys_stay BEFORE TRUNCATE ON log_keys EXECUTE FUNCTION refuse_change();
-- An entry gets its place once; a tile only grows.
-- +goose StatementBegin
CREATE FUNCTION keep_log_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.idx IS NOT NULL OR NEW.idx IS NULL OR NEW.id IS DISTINCT FROM OLD.id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.ref IS DISTINCT FROM OLD.ref OR NEW.version IS DISTINCT FROM OLD.version OR NEW.event IS DISTINCT FROM OLD.event OR NEW.at IS DISTINCT FROM OLD.at OR NEW.backfilled IS DISTINCT FROM OLD.backfilled OR NEW.leaf IS DISTINCT FROM OLD.leaf OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.salt IS DISTINCT FROM OLD.salt OR NEW.case_no IS DISTINCT FROM OLD.case_no THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER log_entries_keep BEFORE UPDATE ON log_entries FOR EACH ROW EXECUTE FUNCTION keep_log_entry();
CREATE TRIGGER log_entries_gone BEFORE DELETE ON log_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entries_stay BEFORE TRUNCATE ON log_entries EXECUTE FUNCTION refuse_change();
-- +goose StatementBegin
CREATE FUNCTION keep_log_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.level <> OLD.level OR NEW.n <> OLD.n OR substring(NEW.data FOR length(OLD.data)) <> OLD.data THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER log_tiles_keep BEFORE UPDATE ON log_tiles FOR EACH ROW EXECUTE FUNCTION keep_log_tile();
CREATE TRIGGER log_tiles_gone BEFORE DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_stay BEFORE TRUNCATE ON log_tiles EXECUTE FUNCTION refuse_change();
