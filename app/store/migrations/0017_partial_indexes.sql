-- +goose Up
-- A new case is in no department's queue and in no handler's, and what citizens
-- and the program do has no actor: nobody looks for them there, so they cost
-- no entry.
DROP INDEX cases_department;
DROP INDEX cases_department_state;
DROP INDEX cases_handler;
DROP INDEX audit_actor;
CREATE INDEX cases_department ON cases (department_id, due_on, id) WHERE department_id IS NOT NULL;
CREATE INDEX cases_department_state ON cases (department_id, state, id) WHERE department_id IS NOT NULL;
CREATE INDEX cases_handler ON cases (handler_id, due_on, id) WHERE handler_id IS NOT NULL;
CREATE INDEX audit_actor ON audit (actor_id, id) WHERE actor_id > 0;
