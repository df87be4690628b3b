-- +goose Up
CREATE TRIGGER key_rosters_keep BEFORE UPDATE OR DELETE ON key_rosters FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_rosters_stay BEFORE TRUNCATE ON key_rosters EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_recoveries_keep BEFORE UPDATE OR DELETE ON key_recoveries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_recoveries_stay BEFORE TRUNCATE ON key_recoveries EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_events_keep BEFORE UPDATE OR DELETE ON report_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_events_stay BEFORE TRUNCATE ON report_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_recusals_keep BEFORE UPDATE OR DELETE ON report_recusals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_recusals_stay BEFORE TRUNCATE ON report_recusals EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_erasures_keep BEFORE UPDATE OR DELETE ON report_erasures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_erasures_stay BEFORE TRUNCATE ON report_erasures EXECUTE FUNCTION refuse_change();
-- Texts stay as they were written until their report is erased.
-- +goose StatementBegin
CREATE FUNCTION keep_until_report_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM report_erasures WHERE report_id = OLD.report_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER report_texts_keep BEFORE UPDATE OR DELETE ON report_texts FOR EACH ROW EXECUTE FUNCTION keep_until_report_erased();
CREATE TRIGGER report_texts_stay BEFORE TRUNCATE ON report_texts EXECUTE FUNCTION refuse_change();
