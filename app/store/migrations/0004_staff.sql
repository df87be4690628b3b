-- +goose Up
CREATE TABLE departments (
  id {{ID}},
  name TEXT NOT NULL UNIQUE,
  active BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE staff (
  id {{ID}},
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  department_id BIGINT REFERENCES departments (id),
  password_hash TEXT NOT NULL,
  must_change BOOLEAN NOT NULL DEFAULT FALSE,
  totp_secret TEXT NOT NULL DEFAULT '',
  totp_confirmed_at {{TIME}},
  totp_step BIGINT NOT NULL DEFAULT 0,
  disabled_at {{TIME}},
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until {{TIME}},
  trial BOOLEAN NOT NULL DEFAULT FALSE,
  email TEXT NOT NULL DEFAULT '',
  created_at {{TIME}} NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX staff_department ON staff (department_id);

CREATE TABLE staff_roles (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  role TEXT NOT NULL,
  PRIMARY KEY (staff_id, role)
);
CREATE INDEX staff_roles_role ON staff_roles (role, staff_id);

CREATE TABLE recovery_codes (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  hash {{BYTES}} NOT NULL,
  used_at {{TIME}},
  PRIMARY KEY (staff_id, hash)
);

CREATE TABLE sessions (
  id_hash {{BYTES}} PRIMARY KEY,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  created_at {{TIME}} NOT NULL,
  touched_at {{TIME}} NOT NULL,
  expires_at {{TIME}} NOT NULL,
  second_factor BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX sessions_staff ON sessions (staff_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Failed sign-ins of logins that do not exist, under a keyed hash.
CREATE TABLE login_failures (
  login_hash {{BYTES}} PRIMARY KEY,
  failures INTEGER NOT NULL,
  wait_until {{TIME}} NOT NULL
);
CREATE INDEX login_failures_wait ON login_failures (wait_until);
