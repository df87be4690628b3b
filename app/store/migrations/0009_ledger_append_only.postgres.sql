-- +goose Up
CREATE TRIGGER progress_reports_keep BEFORE UPDATE OR DELETE ON progress_reports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER closing_steps_keep BEFORE UPDATE OR DELETE ON closing_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER measure_checks_keep BEFORE UPDATE OR DELETE ON measure_checks FOR EACH ROW EXECUTE FUNCTION refuse_change();
