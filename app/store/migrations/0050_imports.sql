-- +goose Up
-- Lists of matters that other bodies handed over as a spreadsheet.
CREATE TABLE case_imports (
  id {{ID}},
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  digest {{BYTES}} NOT NULL UNIQUE,
  row_count INTEGER NOT NULL,
  at {{TIME}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL
);

-- What stood in a row, until it is a case; afterwards only what no question of the case asks for.
CREATE TABLE case_import_rows (
  id {{ID}},
  import_id BIGINT NOT NULL REFERENCES case_imports (id),
  row_no INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'repair', 'accepted', 'aside')),
  cells TEXT NOT NULL,
  problem TEXT NOT NULL DEFAULT '',
  case_id BIGINT UNIQUE REFERENCES cases (id),
  reason TEXT NOT NULL DEFAULT '',
  done_at {{TIME}},
  done_by BIGINT NOT NULL DEFAULT 0,
  done_name TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1,
  claimed_until {{TIME}},
  UNIQUE (import_id, row_no),
  CHECK ((state = 'accepted') = (case_id IS NOT NULL)),
  CHECK ((state = 'aside') = (reason <> ''))
);
CREATE INDEX case_import_rows_state ON case_import_rows (import_id, state, id);
CREATE INDEX case_import_rows_aside ON case_import_rows (done_at) WHERE state = 'aside' AND cells <> '';
