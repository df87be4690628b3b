-- +goose Up
-- The ledger that the rectification office keeps: measures and all that is done
-- about them. Names of people are kept as they were when they acted.

-- Which ledger problems an announced problem stands for.
CREATE TABLE problem_links (
  announced_id BIGINT NOT NULL REFERENCES problems (id),
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  PRIMARY KEY (announced_id, problem_id)
);
CREATE INDEX problem_links_problem ON problem_links (problem_id);

-- baseline_on is the first due date for ever; due_on moves by due_changes.
-- check_months: how often a long-term measure is looked at again. proof: the
-- evidence as the office's spreadsheet names it.
CREATE TABLE measures (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  sub_problem_id BIGINT REFERENCES sub_problems (id),
  no INTEGER NOT NULL,
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  internal TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL CHECK (kind IN ('immediate', 'dated', 'long_term')),
  status TEXT NOT NULL CHECK (status IN
    ('unstated', 'not_started', 'in_progress', 'basically_done', 'done', 'long_term')),
  note TEXT NOT NULL DEFAULT '',
  proof TEXT NOT NULL DEFAULT '',
  leader TEXT NOT NULL DEFAULT '',
  department_id BIGINT REFERENCES departments (id),
  starts_on TEXT,
  due_on TEXT,
  baseline_on TEXT,
  due_text TEXT NOT NULL DEFAULT '',
  done_on TEXT,
  check_months INTEGER NOT NULL DEFAULT 0,
  check_on TEXT,
  closing TEXT NOT NULL DEFAULT 'none' CHECK (closing IN
    ('none', 'applied', 'lead_dept', 'rectification_office', 'closed', 'refused')),
  closed_on TEXT,
  reopened_on TEXT,
  published BOOLEAN NOT NULL,
  changed_at {{TIME}} NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (programme_id, code)
);
CREATE INDEX measures_problem ON measures (problem_id, sub_problem_id, no);
CREATE INDEX measures_sub ON measures (sub_problem_id);
CREATE INDEX measures_department ON measures (department_id, due_on, id);
CREATE INDEX measures_due ON measures (programme_id, due_on, id);
CREATE INDEX measures_order ON measures (programme_id, id);
CREATE INDEX measures_closing ON measures (programme_id, closing, id);

-- Co-operating departments, in the order in which the ledger names them.
CREATE TABLE measure_departments (
  measure_id BIGINT NOT NULL REFERENCES measures (id),
  department_id BIGINT NOT NULL REFERENCES departments (id),
  no INTEGER NOT NULL,
  PRIMARY KEY (measure_id, department_id)
);
CREATE INDEX measure_departments_department ON measure_departments (department_id);

-- What a department claimed, and when; append-only.
CREATE TABLE progress_reports (
  id {{ID}},
  measure_id BIGINT NOT NULL REFERENCES measures (id),
  status TEXT NOT NULL,
  note TEXT NOT NULL,
  on_day TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX progress_reports_measure ON progress_reports (measure_id, id);

CREATE TABLE due_changes (
  id {{ID}},
  measure_id BIGINT NOT NULL REFERENCES measures (id),
  from_on TEXT,
  to_on TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
  proposed_by BIGINT NOT NULL,
  proposed_name TEXT NOT NULL,
  proposed_at {{TIME}} NOT NULL,
  decided_by BIGINT,
  decided_name TEXT NOT NULL DEFAULT '',
  decided_at {{TIME}},
  answer TEXT NOT NULL DEFAULT '',
  CHECK (decided_by IS NULL OR decided_by <> proposed_by OR decided_by = 0)
);
CREATE INDEX due_changes_measure ON due_changes (measure_id, id);
CREATE UNIQUE INDEX due_changes_open ON due_changes (measure_id) WHERE state = 'proposed';

-- Either a file (blob_key) or a link (url), about a measure or a problem.
CREATE TABLE evidence (
  id {{ID}},
  measure_id BIGINT REFERENCES measures (id),
  problem_id BIGINT REFERENCES problems (id),
  title TEXT NOT NULL,
  url TEXT NOT NULL DEFAULT '',
  blob_key TEXT UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  media_type TEXT NOT NULL DEFAULT '',
  size BIGINT NOT NULL DEFAULT 0,
  sha256 TEXT NOT NULL DEFAULT '',
  public BOOLEAN NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  withdrawn_at {{TIME}},
  CHECK ((measure_id IS NULL) <> (problem_id IS NULL)),
  CHECK ((url = '') = (blob_key IS NOT NULL))
);
CREATE INDEX evidence_measure ON evidence (measure_id, id);
CREATE INDEX evidence_problem ON evidence (problem_id, id);

-- One application to close a measure or a problem; state is the last review
-- that it passed. imported: closed before the portal kept the ledger.
CREATE TABLE closings (
  id {{ID}},
  measure_id BIGINT REFERENCES measures (id),
  problem_id BIGINT REFERENCES problems (id),
  state TEXT NOT NULL CHECK (state IN
    ('applied', 'lead_dept', 'rectification_office', 'closed', 'refused', 'withdrawn')),
  imported BOOLEAN NOT NULL DEFAULT FALSE,
  applied_at {{TIME}} NOT NULL,
  applied_by BIGINT NOT NULL,
  ended_at {{TIME}},
  version INTEGER NOT NULL DEFAULT 1,
  CHECK ((measure_id IS NULL) <> (problem_id IS NULL))
);
CREATE INDEX closings_measure ON closings (measure_id, id);
CREATE INDEX closings_problem ON closings (problem_id, id);
CREATE INDEX closings_state ON closings (state, id);
CREATE UNIQUE INDEX closings_open_measure ON closings (measure_id) WHERE state IN ('applied', 'lead_dept', 'rectification_office');
CREATE UNIQUE INDEX closings_open_problem ON closings (problem_id) WHERE state IN ('applied', 'lead_dept', 'rectification_office');

-- Each act on an application; append-only. reason: why it was refused.
CREATE TABLE closing_steps (
  id {{ID}},
  closing_id BIGINT NOT NULL REFERENCES closings (id),
  step TEXT NOT NULL CHECK (step IN ('apply', 'lead_dept', 'rectification_office', 'discipline_group', 'withdraw', 'import', 'reopen')),
  passed BOOLEAN NOT NULL,
  reason TEXT NOT NULL DEFAULT '' CHECK (reason IN ('', 'incomplete', 'weak', 'substandard')),
  text TEXT NOT NULL DEFAULT '',
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX closing_steps_closing ON closing_steps (closing_id, id);

CREATE TABLE closing_evidence (
  closing_id BIGINT NOT NULL REFERENCES closings (id),
  evidence_id BIGINT NOT NULL REFERENCES evidence (id),
  PRIMARY KEY (closing_id, evidence_id)
);
CREATE INDEX closing_evidence_evidence ON closing_evidence (evidence_id);

-- Recurring checks of long-term measures.
CREATE TABLE measure_checks (
  id {{ID}},
  measure_id BIGINT NOT NULL REFERENCES measures (id),
  due_on TEXT NOT NULL,
  checked_on TEXT NOT NULL,
  holds BOOLEAN NOT NULL,
  finding TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX measure_checks_measure ON measure_checks (measure_id, id);

-- Rounds of looking back, over all closed measures or a sample that seed
-- decides, so that the draw can be repeated.
CREATE TABLE lookbacks (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  title TEXT NOT NULL,
  from_on TEXT NOT NULL,
  to_on TEXT NOT NULL,
  sample INTEGER NOT NULL,
  seed TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'ended')),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  ended_at {{TIME}}
);
CREATE INDEX lookbacks_programme ON lookbacks (programme_id, id);

CREATE TABLE lookback_items (
  id {{ID}},
  lookback_id BIGINT NOT NULL REFERENCES lookbacks (id),
  measure_id BIGINT NOT NULL REFERENCES measures (id),
  result TEXT NOT NULL CHECK (result IN ('pending', 'confirmed', 'reopened')),
  finding TEXT NOT NULL DEFAULT '',
  at {{TIME}},
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  UNIQUE (lookback_id, measure_id)
);
CREATE INDEX lookback_items_round ON lookback_items (lookback_id, id);
CREATE INDEX lookback_items_measure ON lookback_items (measure_id, id);

-- The ladder: reminder 提醒, order 督办, interview 约谈, accountability 问责.
CREATE TABLE supervision_orders (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  department_id BIGINT NOT NULL REFERENCES departments (id),
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT REFERENCES measures (id),
  follows_id BIGINT REFERENCES supervision_orders (id),
  level TEXT NOT NULL CHECK (level IN ('reminder', 'order', 'interview', 'accountability')),
  text TEXT NOT NULL,
  issued_on TEXT NOT NULL,
  answer_by TEXT,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  answered_on TEXT,
  answered_by BIGINT NOT NULL DEFAULT 0,
  answered_name TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX supervision_orders_department ON supervision_orders (department_id, id);
CREATE INDEX supervision_orders_measure ON supervision_orders (measure_id, id);
CREATE INDEX supervision_orders_problem ON supervision_orders (problem_id, id);
CREATE INDEX supervision_orders_programme ON supervision_orders (programme_id, id);

-- A department's monthly digest, as it was sent.
CREATE TABLE digests (
  id {{ID}},
  department_id BIGINT NOT NULL REFERENCES departments (id),
  month TEXT NOT NULL,
  text TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  UNIQUE (department_id, month)
);

CREATE TABLE review_meetings (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  title TEXT NOT NULL,
  held_on TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'held')),
  minutes TEXT NOT NULL DEFAULT '',
  next_on TEXT,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX review_meetings_programme ON review_meetings (programme_id, held_on, id);

CREATE TABLE meeting_items (
  id {{ID}},
  meeting_id BIGINT NOT NULL REFERENCES review_meetings (id),
  no INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('overdue', 'due', 'refused', 'reopened', 'public', 'other')),
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT REFERENCES measures (id),
  text TEXT NOT NULL,
  UNIQUE (meeting_id, no)
);

CREATE TABLE meeting_decisions (
  id {{ID}},
  meeting_id BIGINT NOT NULL REFERENCES review_meetings (id),
  no INTEGER NOT NULL,
  text TEXT NOT NULL,
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT REFERENCES measures (id),
  department_id BIGINT REFERENCES departments (id),
  due_on TEXT,
  done_on TEXT,
  UNIQUE (meeting_id, no)
);
CREATE INDEX meeting_decisions_open ON meeting_decisions (done_on, due_on, id);

-- Rules made or revised: the text here, or where it is found.
CREATE TABLE rules (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  title TEXT NOT NULL,
  number TEXT NOT NULL DEFAULT '',
  revised BOOLEAN NOT NULL,
  dated TEXT,
  body TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  published BOOLEAN NOT NULL,
  at {{TIME}} NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (programme_id, title, number)
);
CREATE INDEX rules_programme ON rules (programme_id, published, id);

CREATE TABLE rule_problems (
  rule_id BIGINT NOT NULL REFERENCES rules (id),
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  PRIMARY KEY (rule_id, problem_id)
);
CREATE INDEX rule_problems_problem ON rule_problems (problem_id);

-- Who wants to hear by mail of one problem, or of all (problem_id null).
CREATE TABLE subscriptions (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  problem_id BIGINT REFERENCES problems (id),
  email TEXT NOT NULL,
  token_hash {{BYTES}} NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('asked', 'active')),
  at {{TIME}} NOT NULL,
  told_event BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX subscriptions_state ON subscriptions (state, id);
CREATE INDEX subscriptions_email ON subscriptions (email);
CREATE INDEX subscriptions_problem ON subscriptions (problem_id);

-- Each spreadsheet that came in.
CREATE TABLE ledger_imports (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  added INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX ledger_imports_programme ON ledger_imports (programme_id, id);
