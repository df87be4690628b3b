-- +goose Up
CREATE TABLE revisions (
  scope TEXT PRIMARY KEY,
  n BIGINT NOT NULL
);
INSERT INTO revisions (scope, n) VALUES ('public', 1);

CREATE TABLE audit (
  id {{ID}},
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  verb TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  changes TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, subject_id, id);
CREATE INDEX audit_actor ON audit (actor_id, id);

CREATE TABLE outbox (
  id {{ID}},
  created_at {{TIME}} NOT NULL,
  idem TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL CHECK (channel IN ('mail', 'sms')),
  template TEXT NOT NULL,
  subject_id BIGINT NOT NULL, -- of what, the template says: a case, a member of staff
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'accepted', 'unknown', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at {{TIME}} NOT NULL,
  lease_until {{TIME}},
  finished_at {{TIME}},
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (state, due_at, id);
