-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER review_meetings_keep BEFORE UPDATE ON review_meetings WHEN OLD.state = 'held' BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER review_meetings_stay BEFORE DELETE ON review_meetings WHEN OLD.state = 'held' BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_items_keep BEFORE UPDATE ON meeting_items WHEN EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held') BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_items_stay BEFORE DELETE ON meeting_items WHEN EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held') BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_decisions_keep BEFORE UPDATE ON meeting_decisions WHEN EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held')
  AND (OLD.done_on IS NOT NULL OR OLD.meeting_id IS NOT NEW.meeting_id OR OLD.no IS NOT NEW.no OR OLD.text IS NOT NEW.text OR OLD.problem_id IS NOT NEW.problem_id OR OLD.measure_id IS NOT NEW.measure_id OR OLD.department_id IS NOT NEW.department_id OR OLD.due_on IS NOT NEW.due_on OR OLD.added IS NOT NEW.added OR OLD.at IS NOT NEW.at OR OLD.actor_id IS NOT NEW.actor_id OR OLD.actor_name IS NOT NEW.actor_name) BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_decisions_stay BEFORE DELETE ON meeting_decisions WHEN EXISTS (SELECT 1 FROM review_meetings WHERE id = OLD.meeting_id AND state = 'held') BEGIN SELECT RAISE(ABORT, 'a held meeting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_additions_keep BEFORE UPDATE ON meeting_additions BEGIN SELECT RAISE(ABORT, 'meeting_additions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER meeting_additions_stay BEFORE DELETE ON meeting_additions BEGIN SELECT RAISE(ABORT, 'meeting_additions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER digests_keep BEFORE UPDATE ON digests BEGIN SELECT RAISE(ABORT, 'digests is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER digests_stay BEFORE DELETE ON digests BEGIN SELECT RAISE(ABORT, 'digests is append-only'); END;
-- +goose StatementEnd
