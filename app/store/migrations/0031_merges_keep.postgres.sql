-- +goose Up
CREATE TRIGGER case_merges_keep BEFORE UPDATE ON case_merges FOR EACH ROW WHEN (OLD.undone_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_merges_stay BEFORE DELETE ON case_merges FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_links_stay BEFORE DELETE ON case_links FOR EACH ROW EXECUTE FUNCTION refuse_change();
