-- +goose Up
-- Review meetings (季度研究). The tables of 0008 had no code and no rows yet.
DROP TABLE meeting_items;
DROP TABLE meeting_decisions;
DROP TABLE review_meetings;
DROP TABLE digests;

-- settled: when the minutes became final. From then on nothing in the meeting
-- changes; what is still to be said is added beside it.
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
  settled_at {{TIME}},
  settled_by BIGINT NOT NULL DEFAULT 0,
  settled_name TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1,
  CHECK ((state = 'held') = (settled_at IS NOT NULL)),
  CHECK (state = 'planned' OR minutes <> '')
);
CREATE INDEX review_meetings_programme ON review_meetings (programme_id, id);

-- added: recorded after the minutes were final.
CREATE TABLE meeting_decisions (
  id {{ID}},
  meeting_id BIGINT NOT NULL REFERENCES review_meetings (id),
  no INTEGER NOT NULL,
  text TEXT NOT NULL,
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT REFERENCES measures (id),
  department_id BIGINT NOT NULL REFERENCES departments (id),
  due_on TEXT NOT NULL,
  added BOOLEAN NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  done_on TEXT,
  done_note TEXT NOT NULL DEFAULT '',
  done_at {{TIME}},
  done_by BIGINT NOT NULL DEFAULT 0,
  done_name TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (meeting_id, no),
  CHECK (problem_id IS NULL OR measure_id IS NULL),
  CHECK ((done_on IS NULL) = (done_note = ''))
);
CREATE INDEX meeting_decisions_open ON meeting_decisions (done_on, due_on, id);
CREATE INDEX meeting_decisions_department ON meeting_decisions (department_id, id);
CREATE INDEX meeting_decisions_measure ON meeting_decisions (measure_id, id);
CREATE INDEX meeting_decisions_problem ON meeting_decisions (problem_id, id);

CREATE TABLE meeting_items (
  id {{ID}},
  meeting_id BIGINT NOT NULL REFERENCES review_meetings (id),
  no INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('overdue', 'due', 'refused', 'reopened', 'decision', 'public', 'other')),
  problem_id BIGINT REFERENCES problems (id),
  measure_id BIGINT REFERENCES measures (id),
  decision_id BIGINT REFERENCES meeting_decisions (id),
  text TEXT NOT NULL,
  UNIQUE (meeting_id, no)
);

-- What is added to the minutes of a meeting after they were final.
CREATE TABLE meeting_additions (
  id {{ID}},
  meeting_id BIGINT NOT NULL REFERENCES review_meetings (id),
  text TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE INDEX meeting_additions_meeting ON meeting_additions (meeting_id, id);

-- A department's monthly digest, as it was sent; needs: how many things it speaks of.
CREATE TABLE digests (
  id {{ID}},
  department_id BIGINT NOT NULL REFERENCES departments (id),
  month TEXT NOT NULL,
  needs INTEGER NOT NULL,
  text TEXT NOT NULL,
  at {{TIME}} NOT NULL,
  UNIQUE (department_id, month)
);
