-- +goose Up
CREATE TRIGGER case_calls_keep BEFORE UPDATE OR DELETE ON case_calls FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_tasks_keep BEFORE UPDATE ON case_tasks FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_tasks_stay BEFORE DELETE ON case_tasks FOR EACH ROW EXECUTE FUNCTION refuse_change();
