-- +goose Up
CREATE TRIGGER stat_months_keep BEFORE UPDATE OR DELETE ON stat_months FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_months_stay BEFORE TRUNCATE ON stat_months EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_cases_keep BEFORE UPDATE OR DELETE ON stat_cases FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_cases_stay BEFORE TRUNCATE ON stat_cases EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_counts_keep BEFORE UPDATE OR DELETE ON stat_counts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_counts_stay BEFORE TRUNCATE ON stat_counts EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_corrections_keep BEFORE UPDATE OR DELETE ON stat_corrections FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stat_corrections_stay BEFORE TRUNCATE ON stat_corrections EXECUTE FUNCTION refuse_change();
