-- +goose Up
CREATE TABLE programmes (
  id {{ID}},
  slug TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  inspected TEXT NOT NULL,
  inspector TEXT NOT NULL,
  inspected_from TEXT,
  inspected_to TEXT,
  feedback_on TEXT,
  main BOOLEAN NOT NULL,
  -- The ledger is in: its problems are what is counted, and what an
  -- announcement named is only mapped to them.
  ledger BOOLEAN NOT NULL DEFAULT FALSE,
  demo BOOLEAN NOT NULL DEFAULT FALSE,
  created_at {{TIME}} NOT NULL
);
CREATE UNIQUE INDEX programmes_main ON programmes (main) WHERE main;

CREATE TABLE announcements (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  slug TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  issuer TEXT NOT NULL,
  dated TEXT,
  source TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('draft', 'published')),
  imported_at {{TIME}} NOT NULL,
  published_at {{TIME}},
  reason TEXT NOT NULL DEFAULT '' -- why it was published although its figures differ
);
CREATE INDEX announcements_state ON announcements (state, id);
CREATE INDEX announcements_programme ON announcements (programme_id, id);

-- What an announcement states, each with the day it is stated for. Kept for
-- ever, apart from what the ledger counts.
CREATE TABLE stated_figures (
  announcement_id BIGINT NOT NULL REFERENCES announcements (id),
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  as_of TEXT,
  PRIMARY KEY (announcement_id, name)
);

CREATE TABLE aspects (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  no INTEGER NOT NULL,
  title TEXT NOT NULL,
  UNIQUE (programme_id, no)
);

-- announced: as an announcement names it. One matter is counted once: see
-- programmes.ledger. The status of a problem with measures is theirs, rolled up.
CREATE TABLE problems (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  aspect_id BIGINT NOT NULL REFERENCES aspects (id),
  announced BOOLEAN NOT NULL,
  no INTEGER NOT NULL,
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  internal TEXT NOT NULL DEFAULT '',
  leader TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'unstated' CHECK (status IN
    ('unstated', 'not_started', 'in_progress', 'basically_done', 'done', 'long_term')),
  closing TEXT NOT NULL DEFAULT 'none' CHECK (closing IN
    ('none', 'applied', 'lead_dept', 'rectification_office', 'closed', 'refused')),
  closed_on TEXT,
  reopened_on TEXT,
  published BOOLEAN NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (programme_id, announced, code)
);
CREATE INDEX problems_aspect ON problems (aspect_id, announced, no);
CREATE INDEX problems_status ON problems (programme_id, announced, status);

CREATE TABLE sub_problems (
  id {{ID}},
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  no INTEGER NOT NULL,
  title TEXT NOT NULL,
  internal TEXT NOT NULL DEFAULT '',
  UNIQUE (problem_id, no)
);

-- The announcement's own sentences about a problem: what was said, not measures.
CREATE TABLE statements (
  id {{ID}},
  announcement_id BIGINT NOT NULL REFERENCES announcements (id),
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  sub_problem_id BIGINT REFERENCES sub_problems (id),
  no INTEGER NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX statements_problem ON statements (problem_id, announcement_id, no);
CREATE INDEX statements_announcement ON statements (announcement_id);
CREATE INDEX statements_sub ON statements (sub_problem_id);

-- What the public sees of the ledger's history; append-only. kind names what
-- happened, such as closed; measure_id may narrow it.
CREATE TABLE ledger_events (
  id {{ID}},
  programme_id BIGINT NOT NULL REFERENCES programmes (id),
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT,
  announcement_id BIGINT REFERENCES announcements (id),
  kind TEXT NOT NULL,
  on_day TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX ledger_events_problem ON ledger_events (problem_id, id);
CREATE INDEX ledger_events_programme ON ledger_events (programme_id, id);
CREATE INDEX ledger_events_announcement ON ledger_events (announcement_id);
