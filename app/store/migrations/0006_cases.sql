-- +goose Up
CREATE TABLE captchas (
  id TEXT PRIMARY KEY,
  digits TEXT NOT NULL,
  expires_at {{TIME}} NOT NULL
);
CREATE INDEX captchas_expiry ON captchas (expires_at);

CREATE TABLE cases (
  id {{ID}},
  case_no TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('suggestion', 'comment', 'enquiry', 'complaint', 'petition', 'correction')),
  channel TEXT NOT NULL CHECK (channel IN ('web', 'hotline', 'letter', 'visit', 'transfer')),
  state TEXT NOT NULL CHECK (state IN ('submitted', 'registered', 'need_more', 'refused', 'transferred', 'merged',
    'withdrawn', 'accepted', 'assigned', 'acknowledged', 'handling', 'in_review', 'in_approval', 'replied',
    'concluded', 'archived', 'returned', 'redo', 'invalid')),
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  problem_id BIGINT REFERENCES problems (id),
  unit TEXT NOT NULL DEFAULT '',
  happened_at TEXT NOT NULL DEFAULT '',
  place TEXT NOT NULL DEFAULT '',
  case_number TEXT NOT NULL DEFAULT '',
  demand TEXT NOT NULL DEFAULT '',
  facts TEXT NOT NULL DEFAULT '',
  allow_publish BOOLEAN NOT NULL,
  privacy_version TEXT NOT NULL,
  guardian BOOLEAN NOT NULL DEFAULT FALSE,
  submitted_at {{TIME}} NOT NULL,
  received_on TEXT NOT NULL,
  accepted_on TEXT,
  replied_on TEXT,
  ended_on TEXT,
  notice_due TEXT,
  notice_on TEXT,
  handle_due TEXT,
  limit_from TEXT,
  late BOOLEAN NOT NULL DEFAULT FALSE,
  due_on TEXT NOT NULL,
  due_step TEXT NOT NULL DEFAULT '',
  provisional BOOLEAN NOT NULL DEFAULT FALSE,
  back_state TEXT NOT NULL DEFAULT '',
  extended BOOLEAN NOT NULL DEFAULT FALSE,
  urged_at {{TIME}},
  refusal TEXT NOT NULL DEFAULT '',
  department_id BIGINT REFERENCES departments (id),
  handler_id BIGINT REFERENCES staff (id),
  entered_by BIGINT NOT NULL DEFAULT 0,
  access_hash {{BYTES}} NOT NULL,
  submission_hash {{BYTES}} NOT NULL UNIQUE,
  content_hash {{BYTES}} NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX cases_queue ON cases (state, due_on, id);
CREATE INDEX cases_ended ON cases (state, id);
CREATE INDEX cases_department ON cases (department_id, due_on, id);
CREATE INDEX cases_department_state ON cases (department_id, state, id);
CREATE INDEX cases_handler ON cases (handler_id, due_on, id);
CREATE INDEX cases_due ON cases (due_on, id);
CREATE INDEX cases_received ON cases (received_on, kind, state, replied_on);

-- Contact details live apart, so that no query for a page can pick them up.
CREATE TABLE case_contacts (
  case_id BIGINT PRIMARY KEY REFERENCES cases (id),
  name TEXT NOT NULL,
  phone TEXT NOT NULL,
  email TEXT NOT NULL,
  address TEXT NOT NULL,
  caller_hash {{BYTES}}
);
CREATE INDEX case_contacts_caller ON case_contacts (caller_hash, case_id);

-- Wrong codes, counted alike for numbers that exist and that do not; the number is hashed.
CREATE TABLE access_failures (
  number_hash {{BYTES}} PRIMARY KEY,
  failures INTEGER NOT NULL,
  wait_until {{TIME}} NOT NULL
);
CREATE INDEX access_failures_age ON access_failures (wait_until);

-- Who must not see or handle a case: named in it, of the unit complained of, or recused.
CREATE TABLE case_exclusions (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  staff_id BIGINT REFERENCES staff (id),
  department_id BIGINT REFERENCES departments (id),
  reason TEXT NOT NULL CHECK (reason IN ('named', 'unit', 'recused'))
);
CREATE INDEX case_exclusions_case ON case_exclusions (case_id);
CREATE UNIQUE INDEX case_exclusions_staff ON case_exclusions (staff_id, case_id);
CREATE UNIQUE INDEX case_exclusions_department ON case_exclusions (department_id, case_id);

-- The timeline: append-only, no personal values and no free text.
CREATE TABLE case_events (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  verb TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  message_id BIGINT
);
CREATE INDEX case_events_case ON case_events (case_id, id);

-- What passes between citizen and court, and inside the court: append-only.
CREATE TABLE case_messages (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  at {{TIME}} NOT NULL,
  author TEXT NOT NULL CHECK (author IN ('citizen', 'court', 'inside')),
  actor_id BIGINT NOT NULL,
  body TEXT NOT NULL,
  submission_hash {{BYTES}}
);
CREATE UNIQUE INDEX case_messages_form ON case_messages (submission_hash) WHERE submission_hash IS NOT NULL;
CREATE INDEX case_messages_case ON case_messages (case_id, id);

-- Days on which the clock stands still while the citizen is asked for more.
CREATE TABLE case_pauses (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  from_day TEXT NOT NULL,
  to_day TEXT
);
CREATE INDEX case_pauses_case ON case_pauses (case_id, id);

CREATE TABLE drafts (
  case_id BIGINT PRIMARY KEY REFERENCES cases (id),
  body TEXT NOT NULL,
  author_id BIGINT NOT NULL REFERENCES staff (id),
  saved_at {{TIME}} NOT NULL,
  reviewed_by BIGINT,
  approved_by BIGINT,
  approved_digest TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE draft_versions (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  author_id BIGINT NOT NULL,
  saved_at {{TIME}} NOT NULL,
  UNIQUE (case_id, version)
);

CREATE TABLE replies (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  sent_at {{TIME}} NOT NULL,
  body TEXT NOT NULL,
  digest TEXT NOT NULL,
  unit TEXT NOT NULL,
  drafted_by BIGINT NOT NULL,
  approved_by BIGINT NOT NULL,
  CHECK (drafted_by <> approved_by)
);
CREATE INDEX replies_case ON replies (case_id, id);

CREATE TABLE published_replies (
  id {{ID}},
  case_id BIGINT NOT NULL REFERENCES cases (id),
  state TEXT NOT NULL CHECK (state IN ('proposed', 'published', 'refused', 'withdrawn')),
  kind TEXT NOT NULL,
  problem_id BIGINT REFERENCES problems (id),
  title TEXT NOT NULL,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  unit TEXT NOT NULL,
  asked_on TEXT NOT NULL,
  answered_on TEXT NOT NULL,
  proposed_by BIGINT NOT NULL,
  reviewed_by BIGINT NOT NULL DEFAULT 0,
  published_on TEXT,
  note TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1,
  CHECK (reviewed_by <> proposed_by)
);
CREATE UNIQUE INDEX published_replies_case ON published_replies (case_id) WHERE state IN ('proposed', 'published');
CREATE INDEX published_replies_cases ON published_replies (case_id, id);
CREATE INDEX published_replies_state ON published_replies (state, id);
CREATE INDEX published_replies_problem ON published_replies (problem_id, state, id);
CREATE INDEX published_replies_month ON published_replies (published_on);
CREATE INDEX published_replies_kind ON published_replies (state, kind, id);

CREATE TABLE attachments (
  id {{ID}},
  case_id BIGINT REFERENCES cases (id),
  message_id BIGINT,
  submission_hash {{BYTES}},
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  blob_key TEXT NOT NULL UNIQUE,
  at {{TIME}} NOT NULL
);
CREATE INDEX attachments_case ON attachments (case_id, id);
CREATE INDEX attachments_staged ON attachments (submission_hash, id);
CREATE INDEX attachments_age ON attachments (at) WHERE case_id IS NULL;

CREATE TABLE ratings (
  reply_id BIGINT PRIMARY KEY REFERENCES replies (id),
  case_id BIGINT NOT NULL REFERENCES cases (id),
  resolved TEXT NOT NULL CHECK (resolved IN ('yes', 'partly', 'no')),
  satisfaction TEXT NOT NULL CHECK (satisfaction IN ('satisfied', 'basically', 'dissatisfied')),
  reason TEXT NOT NULL,
  at {{TIME}} NOT NULL
);
CREATE INDEX ratings_case ON ratings (case_id);
