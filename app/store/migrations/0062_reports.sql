-- +goose Up
-- Reports of misconduct. Nothing in these tables can be read with the database alone:
-- who wrote, what, and about whom lies in envelopes (app/reports, docs/threat-model.md).

-- The public half of what a person signs with; empty until they sign in again.
ALTER TABLE staff_keys ADD COLUMN verifier {{BYTES}};

-- The lists of the keys of staff, each signed by an officer of the one before.
CREATE TABLE key_rosters (
  no BIGINT NOT NULL PRIMARY KEY,
  body {{BYTES}} NOT NULL,
  signed_by BIGINT NOT NULL REFERENCES staff (id),
  sig {{BYTES}} NOT NULL,
  at {{TIME}} NOT NULL
);

-- The recovery key: its private half lies in three files, each of which two kits on paper open together.
CREATE TABLE key_recoveries (
  no BIGINT NOT NULL PRIMARY KEY,
  public {{BYTES}} NOT NULL,
  pair_ab {{BYTES}} NOT NULL,
  pair_ac {{BYTES}} NOT NULL,
  pair_bc {{BYTES}} NOT NULL,
  trial BOOLEAN NOT NULL,
  at {{TIME}} NOT NULL
);

-- One encapsulation to one key, which many grants share.
CREATE TABLE key_lines (
  id {{ID}},
  key_print {{BYTES}} NOT NULL, -- whose: the digest of a public key
  enc {{BYTES}} NOT NULL,
  at {{TIME}} NOT NULL
);

CREATE TABLE reports (
  id {{ID}},
  case_no TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL CHECK (channel IN ('web', 'hotline', 'letter', 'visit', 'transfer')),
  state TEXT NOT NULL CHECK (state IN ('received', 'accepted', 'handling', 'concluded', 'answered', 'out_of_scope')),
  submitted_at {{TIME}} NOT NULL,
  received_on TEXT NOT NULL,
  entered_by BIGINT NOT NULL DEFAULT 0,
  submission_hash {{BYTES}} NOT NULL UNIQUE,
  salt {{BYTES}} NOT NULL,
  code_check {{BYTES}} NOT NULL,
  code_known BOOLEAN NOT NULL, -- staff have seen the code
  reporter_key {{BYTES}} NOT NULL,
  reporter_ring {{BYTES}} NOT NULL, -- in the code's box; empty once erased
  epoch INTEGER NOT NULL DEFAULT 1,
  handler_id BIGINT REFERENCES staff (id),
  notice_due TEXT,
  handle_due TEXT,
  feedback_due TEXT,
  due_on TEXT NOT NULL,
  ended_on TEXT,
  hold TEXT NOT NULL DEFAULT '',
  kept BOOLEAN NOT NULL DEFAULT TRUE,
  unread BOOLEAN NOT NULL DEFAULT TRUE, -- something of the reporter's waits to be read
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX reports_open ON reports (id) WHERE ended_on IS NULL OR unread;
CREATE INDEX reports_ended ON reports (ended_on, id) WHERE ended_on IS NOT NULL AND kept;

-- Who holds the keys of a report's epoch. Whether a grant opens does not show.
CREATE TABLE report_grants (
  id {{ID}},
  report_id BIGINT NOT NULL REFERENCES reports (id),
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL CHECK (holder IN ('officer', 'custodian', 'asker', 'recovery', 'reporter')),
  staff_id BIGINT NOT NULL DEFAULT 0,
  line_id BIGINT REFERENCES key_lines (id),
  sealed {{BYTES}} NOT NULL,
  expires_at {{TIME}},
  UNIQUE (report_id, epoch, holder, staff_id)
);
CREATE INDEX report_grants_staff ON report_grants (staff_id, holder, report_id);
CREATE INDEX report_grants_line ON report_grants (line_id);
CREATE INDEX report_grants_expiry ON report_grants (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE report_texts (
  report_id BIGINT NOT NULL REFERENCES reports (id),
  no INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('statement', 'identity', 'message', 'answer', 'note', 'conclusion')),
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  compartment TEXT NOT NULL CHECK (compartment IN ('body', 'internal', 'identity')),
  epoch INTEGER NOT NULL,
  sealed {{BYTES}} NOT NULL,
  submission_hash {{BYTES}},
  PRIMARY KEY (report_id, no)
);
CREATE UNIQUE INDEX report_texts_form ON report_texts (submission_hash) WHERE submission_hash IS NOT NULL;

-- A file as it came (for custodians) or cleaned of what tells of its maker (for officers).
CREATE TABLE report_files (
  id {{ID}},
  report_id BIGINT REFERENCES reports (id),
  text_no INTEGER NOT NULL DEFAULT 0,
  no INTEGER NOT NULL,
  original BOOLEAN NOT NULL,
  submission_hash {{BYTES}}, -- of the form that it waits for
  epoch INTEGER NOT NULL DEFAULT 0,
  blob_key TEXT NOT NULL UNIQUE,
  sealed {{BYTES}} NOT NULL, -- name, size, digest and key
  at {{TIME}} NOT NULL
);
CREATE INDEX report_files_report ON report_files (report_id, text_no, no);
CREATE INDEX report_files_staged ON report_files (submission_hash) WHERE report_id IS NULL;
CREATE INDEX report_files_waiting ON report_files (at) WHERE report_id IS NULL;

CREATE TABLE report_events (
  id {{ID}},
  report_id BIGINT NOT NULL REFERENCES reports (id),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  verb TEXT NOT NULL,
  to_state TEXT NOT NULL DEFAULT ''
);
CREATE INDEX report_events_report ON report_events (report_id, id);

-- Who may not be given a report any more by their own declaration.
CREATE TABLE report_recusals (
  report_id BIGINT NOT NULL REFERENCES reports (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  at {{TIME}} NOT NULL,
  PRIMARY KEY (report_id, staff_id)
);

-- Who has handed over and gets no new report: only then may their account end.
CREATE TABLE key_departures (
  staff_id BIGINT NOT NULL PRIMARY KEY REFERENCES staff (id),
  at {{TIME}} NOT NULL
);

CREATE TABLE report_asks (
  id {{ID}},
  report_id BIGINT NOT NULL REFERENCES reports (id),
  asked_by BIGINT NOT NULL REFERENCES staff (id),
  asked_name TEXT NOT NULL,
  asked_at {{TIME}} NOT NULL,
  reason {{BYTES}} NOT NULL, -- sealed to the custodians
  decided_by BIGINT REFERENCES staff (id),
  decided_name TEXT NOT NULL DEFAULT '',
  decided_at {{TIME}},
  granted BOOLEAN NOT NULL DEFAULT FALSE,
  expires_at {{TIME}}
);
CREATE INDEX report_asks_report ON report_asks (report_id, id);
CREATE INDEX report_asks_open ON report_asks (id) WHERE decided_at IS NULL;

-- Of whom a report is, under a key that only officers hold.
CREATE TABLE report_tags (
  report_id BIGINT NOT NULL REFERENCES reports (id),
  tag {{BYTES}} NOT NULL,
  PRIMARY KEY (report_id, tag)
);
CREATE INDEX report_tags_tag ON report_tags (tag, report_id);
CREATE TABLE report_tag_keys (
  key_print {{BYTES}} NOT NULL PRIMARY KEY, -- of the officer's public key
  sealed {{BYTES}} NOT NULL,
  at {{TIME}} NOT NULL
);

-- What was erased: a restored backup is made to forget it again.
CREATE TABLE report_erasures (
  report_id BIGINT NOT NULL PRIMARY KEY REFERENCES reports (id),
  case_no TEXT NOT NULL,
  at {{TIME}} NOT NULL
);

-- SQLite cannot change a CHECK: the table of limits is made anew, with one more step.
CREATE TABLE time_limits_new (
  kind TEXT NOT NULL,
  step TEXT NOT NULL CHECK (step IN ('register', 'notice', 'handle', 'extend', 'return', 'reconsider', 're_review', 'object', 'decide', 'feedback')),
  version INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  unit TEXT NOT NULL CHECK (unit IN ('workdays', 'days', 'months')),
  starts TEXT NOT NULL CHECK (starts IN ('received', 'accepted', 'assigned', 'due', 'replied', 'objected', 'concluded')),
  binding BOOLEAN NOT NULL,
  source TEXT NOT NULL,
  at {{TIME}},
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, step, version)
);
INSERT INTO time_limits_new (kind, step, version, amount, unit, starts, binding, source, at, actor_id, actor_name)
  SELECT kind, step, version, amount, unit, starts, binding, source, at, actor_id, actor_name FROM time_limits ORDER BY kind, step, version;
DROP TABLE time_limits;
ALTER TABLE time_limits_new RENAME TO time_limits;
INSERT INTO time_limits (kind, step, version, amount, unit, starts, binding, source) VALUES
  ('report', 'notice',   1, 15, 'workdays', 'received',  TRUE,  '《纪检监察机关处理检举控告工作规则》“实名检举控告的处理”一章'),
  ('report', 'handle',   1,  3, 'months',   'received',  FALSE, '本院默认：满三个月提醒'),
  ('report', 'feedback', 1, 15, 'workdays', 'concluded', TRUE,  '《纪检监察机关处理检举控告工作规则》“实名检举控告的处理”一章');
