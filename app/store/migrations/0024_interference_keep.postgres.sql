-- +goose Up
CREATE TRIGGER case_interferences_keep BEFORE UPDATE OR DELETE ON case_interferences FOR EACH ROW EXECUTE FUNCTION refuse_change();
