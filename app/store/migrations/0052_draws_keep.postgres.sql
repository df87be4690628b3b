-- +goose Up
CREATE TRIGGER case_draws_keep BEFORE UPDATE OR DELETE ON case_draws FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER assign_rules_keep BEFORE UPDATE OR DELETE ON assign_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();
