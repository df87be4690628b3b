-- +goose Up
-- What is append-only loses its text, and nothing else, once the case's content is erased.
DROP TRIGGER case_messages_keep;
-- +goose StatementBegin
CREATE TRIGGER case_messages_keep BEFORE UPDATE ON case_messages WHEN NOT EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') BEGIN SELECT RAISE(ABORT, 'case_messages is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_messages_fixed BEFORE UPDATE OF id, case_id, at, author, actor_id, submission_hash ON case_messages BEGIN SELECT RAISE(ABORT, 'case_messages is append-only'); END;
-- +goose StatementEnd
DROP TRIGGER draft_versions_keep;
-- +goose StatementBegin
CREATE TRIGGER draft_versions_keep BEFORE UPDATE ON draft_versions WHEN NOT EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') BEGIN SELECT RAISE(ABORT, 'draft_versions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER draft_versions_fixed BEFORE UPDATE OF id, case_id, version, author_id, saved_at ON draft_versions BEGIN SELECT RAISE(ABORT, 'draft_versions is append-only'); END;
-- +goose StatementEnd
DROP TRIGGER replies_keep;
-- +goose StatementBegin
CREATE TRIGGER replies_keep BEFORE UPDATE ON replies WHEN NOT EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') BEGIN SELECT RAISE(ABORT, 'replies is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER replies_fixed BEFORE UPDATE OF id, case_id, sent_at, digest, unit, drafted_by, approved_by, department_id ON replies BEGIN SELECT RAISE(ABORT, 'replies is append-only'); END;
-- +goose StatementEnd
DROP TRIGGER case_calls_keep;
-- +goose StatementBegin
CREATE TRIGGER case_calls_keep BEFORE UPDATE ON case_calls WHEN NOT EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') BEGIN SELECT RAISE(ABORT, 'case_calls is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_calls_fixed BEFORE UPDATE OF id, case_id, reply_id, at, actor_id, actor_name, reached, resolved, satisfaction ON case_calls BEGIN SELECT RAISE(ABORT, 'case_calls is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_erasures_keep BEFORE UPDATE ON case_erasures BEGIN SELECT RAISE(ABORT, 'case_erasures is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_erasures_stay BEFORE DELETE ON case_erasures BEGIN SELECT RAISE(ABORT, 'case_erasures is append-only'); END;
-- +goose StatementEnd
DROP TRIGGER case_tasks_keep;
-- +goose StatementBegin
CREATE TRIGGER case_tasks_keep BEFORE UPDATE ON case_tasks WHEN OLD.state <> 'open' AND NOT EXISTS (SELECT 1 FROM case_erasures WHERE case_id = OLD.case_id AND what = 'content') BEGIN SELECT RAISE(ABORT, 'an ended task is kept'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER case_tasks_fixed BEFORE UPDATE OF id, case_id, department_id, state, due_on, asked_at, asked_by, asked_name, ended_at, ended_by, ended_name ON case_tasks WHEN OLD.state <> 'open' BEGIN SELECT RAISE(ABORT, 'an ended task is kept'); END;
-- +goose StatementEnd
