-- +goose Up
CREATE TRIGGER case_services_keep BEFORE UPDATE OR DELETE ON case_services FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_service_ends_keep BEFORE UPDATE OR DELETE ON case_service_ends FOR EACH ROW EXECUTE FUNCTION refuse_change();
