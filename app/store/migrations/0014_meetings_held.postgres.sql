-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION keep_held_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'held' THEN
    RAISE EXCEPTION 'a held meeting is append-only';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION keep_held_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held') THEN
    RAISE EXCEPTION 'a held meeting is append-only';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION keep_held_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held') THEN
    IF TG_OP = 'DELETE' OR OLD.done_on IS NOT NULL THEN
      RAISE EXCEPTION 'a held meeting is append-only';
    END IF;
    IF ROW(OLD.meeting_id, OLD.no, OLD.text, OLD.problem_id, OLD.measure_id, OLD.department_id, OLD.due_on, OLD.added, OLD.at, OLD.actor_id, OLD.actor_name) IS DISTINCT FROM ROW(NEW.meeting_id, NEW.no, NEW.text, NEW.problem_id, NEW.measure_id, NEW.department_id, NEW.due_on, NEW.added, NEW.at, NEW.actor_id, NEW.actor_name) THEN
      RAISE EXCEPTION 'a held meeting is append-only';
    END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER review_meetings_keep BEFORE UPDATE OR DELETE ON review_meetings FOR EACH ROW EXECUTE FUNCTION keep_held_meeting();
CREATE TRIGGER meeting_items_keep BEFORE UPDATE OR DELETE ON meeting_items FOR EACH ROW EXECUTE FUNCTION keep_held_item();
CREATE TRIGGER meeting_decisions_keep BEFORE UPDATE OR DELETE ON meeting_decisions FOR EACH ROW EXECUTE FUNCTION keep_held_decision();
CREATE TRIGGER meeting_additions_keep BEFORE UPDATE OR DELETE ON meeting_additions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER digests_keep BEFORE UPDATE OR DELETE ON digests FOR EACH ROW EXECUTE FUNCTION refuse_change();
