-- +goose Up
-- What is append-only loses its text, and nothing else, once the case's content is erased.
-- +goose StatementBegin
CREATE FUNCTION keep_until_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    AND EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
DROP TRIGGER case_messages_keep ON case_messages;
CREATE TRIGGER case_messages_keep BEFORE UPDATE OR DELETE ON case_messages FOR EACH ROW EXECUTE FUNCTION keep_until_erased('body');
DROP TRIGGER draft_versions_keep ON draft_versions;
CREATE TRIGGER draft_versions_keep BEFORE UPDATE OR DELETE ON draft_versions FOR EACH ROW EXECUTE FUNCTION keep_until_erased('body');
DROP TRIGGER replies_keep ON replies;
CREATE TRIGGER replies_keep BEFORE UPDATE OR DELETE ON replies FOR EACH ROW EXECUTE FUNCTION keep_until_erased('body');
DROP TRIGGER case_calls_keep ON case_calls;
CREATE TRIGGER case_calls_keep BEFORE UPDATE OR DELETE ON case_calls FOR EACH ROW EXECUTE FUNCTION keep_until_erased('note');
CREATE TRIGGER case_erasures_keep BEFORE UPDATE OR DELETE ON case_erasures FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER case_tasks_keep ON case_tasks;
CREATE TRIGGER case_tasks_keep BEFORE UPDATE ON case_tasks FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION keep_until_erased('ask', 'answer');
